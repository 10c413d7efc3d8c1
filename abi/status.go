package abi

// Status is the outcome of a call across the ABI. Zero is success.
type Status int32

const (
	StatusOK          Status = 0  // done; for bytes: the kernel has all of them, or is offered them at the end of this turn
	StatusQueued      Status = 1  // accepted; some bytes wait in the stack, EventDrain or EventFinish follows
	StatusClosed      Status = 2  // the handle is stale, or its connection is gone
	StatusInvalid     Status = 3  // an argument or a record breaks a rule of README.md; nothing was done
	StatusState       Status = 4  // the operation comes too late or too early for this exchange; nothing was done
	StatusDenied      Status = 5  // the host has not granted this
	StatusLimit       Status = 6  // a limit is reached; nothing was done
	StatusInUse       Status = 7  // the address is in use (EADDRINUSE)
	StatusUnavailable Status = 8  // the address is not of this machine (EADDRNOTAVAIL)
	StatusReset       Status = 9  // the peer or the network broke the connection (ECONNRESET, EPIPE)
	StatusUnsupported Status = 10 // this host has no such thing
	StatusBodyLength  Status = 11 // body and declared Content-Length differ: excess dropped, the connection will close
	StatusFailed      Status = 12 // it failed for a reason that the event's text says
)

var statusText = [...]string{
	StatusOK:          "ok",
	StatusQueued:      "queued",
	StatusClosed:      "closed",
	StatusInvalid:     "invalid argument",
	StatusState:       "wrong state",
	StatusDenied:      "not granted",
	StatusLimit:       "limit reached",
	StatusInUse:       "address in use",
	StatusUnavailable: "address not available",
	StatusReset:       "connection reset",
	StatusUnsupported: "not supported",
	StatusBodyLength:  "body does not match Content-Length",
	StatusFailed:      "failed",
}

// String returns a short English text, "unknown status" for a number this version does not have.
func (s Status) String() string {
	if s < 0 || int(s) >= len(statusText) {
		return "unknown status"
	}
	return statusText[s]
}

// OK reports whether the call was accepted.
func (s Status) OK() bool { return s == StatusOK || s == StatusQueued }
