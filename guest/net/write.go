package net

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// Writable is where Pipe writes to: a *Socket, a *http.ServerResponse or a *http.ClientRequest, for example. If it has an
// OnClose(func()) or OnClose(func(bool)), it says by that that it takes no more.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

// Write sends bytes; before 'connect' they are kept. It returns true if the kernel has all of them. False means that some wait in
// memory, and 'drain' follows: a program that goes on regardless makes the queue grow to 64 MiB, and then loses the
// connection. False without a 'drain' is the answer after the end or loss of the connection.
//
// After End, or after the peer's end without AllowHalfOpen, it is an error that breaks the connection: ERR_STREAM_WRITE_AFTER_END
// or EPIPE. On a socket on which HTTP is spoken the error is ERR_INVALID_STATE, and has no other effect.
func (s *Socket) Write(chunk []byte) bool {
	switch {
	case s.destroyed:
		return false
	case !s.raw:
		s.misused()
		return false
	case s.ended:
		s.fail(s.errEnded())
		return false
	case len(chunk) == 0:
		return !s.needDrain
	}
	return s.send(0, chunk)
}

// WriteString is Write of the bytes that s stands for: those of UTF-8, or of another encoding by
// the names of http.ServerRequest.SetEncoding. An unknown one is an error that breaks the connection, for a part is missing.
func (s *Socket) WriteString(str string, encoding ...string) bool {
	chunk, err := text.Encode(str, encoding)
	if err != nil {
		s.fail(err)
		return false
	}
	return s.Write(chunk)
}

// End sends a last piece, if there is one (several are put together), and ends our side: the peer gets 'end', and may go on
// sending. Called again, without data, it does nothing.
func (s *Socket) End(data ...[]byte) {
	var last []byte
	switch len(data) {
	case 0:
	case 1:
		last = data[0]
	default:
		for _, d := range data {
			last = append(last, d...)
		}
	}
	switch {
	case s.destroyed:
	case !s.raw:
		s.misused()
	case s.ended && len(last) > 0:
		s.fail(s.errEnded())
	case !s.ended:
		s.ended = true
		s.send(abi.SendEnd, last)
	}
}

// EndString is End with the bytes that s stands for, as in WriteString.
func (s *Socket) EndString(str string, encoding ...string) {
	chunk, err := text.Encode(str, encoding)
	if err != nil {
		s.fail(err)
		return
	}
	s.End(chunk)
}

func (s *Socket) send(flags uint32, chunk []byte) bool {
	if s.handle == 0 { // only what was kept is left of it
		return false
	}
	switch status := port.SocketSend(s.handle, flags, chunk); status {
	case abi.StatusOK:
		if s.ended {
			s.later((*finishing)(s))
		}
		return true
	case abi.StatusQueued:
		s.needDrain = true
	case abi.StatusClosed, abi.StatusReset: // 'close' says the rest
	case abi.StatusLimit:
		s.quiet = true // a peer that does not read is no mistake of the program
		s.fail(sendError(status))
	default:
		s.fail(sendError(status))
	}
	return false
}

// misused tells that the program wrote where HTTP is spoken.
func (s *Socket) misused() {
	s.later(port.TaskFunc(func() {
		err := errHTTP()
		if len(s.onError) == 0 {
			port.Uncaught(err)
		}
		s.emitError(err)
	}))
}
