package shard

import (
	"time"

	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// Handler is one version of a handler, as the shards of a server share it. It is not changed after Prepare.
type Handler struct {
	Name      string // for logs; "": the module's
	Module    *sandbox.Module
	Isolation Isolation
	Limits    Limits
	Args      []string  // after the name, which is the first
	Env       []string  // KEY=VALUE
	Dial      Dial      // nil: all is denied
	Listeners Listeners // nil: all is denied
	Observer  Observer  // nil: nobody looks
}

// Isolation says what of one request the next can see.
type Isolation uint8

const (
	// Shared is one instance for each shard, which serves its requests at the same time and keeps its memory.
	Shared Isolation = iota
	// Pooled is up to Limits.MaxInstances instances for each shard. One serves a single request at a time, and keeps its memory.
	Pooled
	// Fresh is Pooled, and each request finds the instance as it was after its start.
	Fresh
)

// Limits bound what a handler may use of one shard. All are set.
type Limits struct {
	StartTimeout        time.Duration // of _initialize and on_start together
	EventTimeout        time.Duration // of one call of an export
	MaxExchangeFuel     int64         // units of computing for all events of one exchange: see instrument.FuelExport; 0: no bound
	MaxInstances        int           // of Pooled and Fresh
	MaxExchanges        int           // requests that are being served, and connections that were taken over from HTTP, in all; more wait
	MaxQueuedRequests   int           // that wait for an instance; beyond: 503
	QueueTimeout        time.Duration // the longest wait; after it: 503
	MaxOutboundSockets  int           // open to others, for one instance
	MaxOutboundRequests int           // client exchanges that are under way, for one instance
	MaxQueuedBytes      int64         // of responses, requests and sockets, that were sent and have not left, in all; beyond: LIMIT, and that connection is cut
	MaxBodyBytes        int64         // of one request's body; beyond: 413, or a cut. 0: no bound
	RetireTimeout       time.Duration // how long requests of a version may take that was replaced
}

// Observer is told what becomes of a handler and its requests. Its methods are called on the goroutine of a shard, of several at once, and
// must not block.
type Observer interface {
	// Request says that a request has come, before the handler gets it. nil: no more is told of it.
	Request(r *Request) ExchangeObserver
	// Instance says that an instance has started, which took so long; or, with reset, that one was put back to its start, and started is 0.
	Instance(started time.Duration, reset bool)
	// Fault says that an instance was ended, or did not start, because of what it did.
	Fault(kind FaultKind)
	// Gone says that an instance is no more, after a Fault or not.
	Gone()
	// Queued says how many requests more, or fewer, wait for an instance.
	Queued(change int)
}

// Request is what an Observer may know of a request. The texts are views, valid until the call returns.
type Request struct {
	Pattern      string // of the route
	Method       []byte
	Target       []byte
	Host         []byte // of the Host field; empty without one
	Traceparent  []byte // the first field of that name, and the others joined by commas (W3C Trace Context)
	Tracestate   []byte
	Shard        int
	ReceivedAtNs int64 // on the loop's clock
}

// ExchangeObserver is told what becomes of one request.
type ExchangeObserver interface {
	// Fields returns header fields that the handler gets in place of the client's by the same names. It is called once, first.
	Fields() []Field
	// Status says that the head of the final response was sent, by the handler or for it. A handler that takes the connection over answers in
	// its own words: there is no Status then.
	Status(code int)
	// End says that the exchange is over: answered in full, or cut. Of a connection that was taken over it says that it is closed, and
	// complete is true. fuel is what its events have used, without metering 0. It is called
	// once, last.
	End(complete bool, fuel int64)
}

// Field is a header field. One without a value is left out, as is the client's.
type Field struct{ Name, Value string }

// FaultKind says why an instance was ended.
type FaultKind string

// Kinds of faults.
const (
	FaultTrap     FaultKind = "trap"
	FaultExit     FaultKind = "exit"
	FaultDeadline FaultKind = "deadline"
	FaultFuel     FaultKind = "fuel"
	FaultMemory   FaultKind = "memory"
	FaultMisuse   FaultKind = "misuse"
)
