package host

import (
	"errors"
	"fmt"
	"time"

	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/shard"
)

// Limits bound what a handler may use. Its zero value is ready to use: of every field, 0 means the default. Where a field says so, a
// negative value means no limit.
//
// Whoever goes beyond a limit harms its own handler only: the others, and other shards, go on. Counts are for one shard of one
// server, unless they say otherwise.
type Limits struct {
	// MaxMemoryPages is the most memory that one instance may have, in pages of 64 KiB: DefaultMaxMemoryPages; at most 65536. What it
	// asks beyond is refused to it, upon which a Go guest ends. A module that begins with more is not loaded.
	MaxMemoryPages int
	// MaxTableElements is the most elements that each table of an instance may have: DefaultMaxTableElements. What
	// it asks beyond is refused to it. A module that begins with more is not loaded.
	MaxTableElements int
	// MaxCallDepth is how deep calls within the guest may be nested: DefaultMaxCallDepth. Deeper: the instance is ended, as by a trap.
	MaxCallDepth int

	// StartTimeout is the longest that an instance may take to set itself up: DefaultStartTimeout. Longer: it is ended. Negative: no limit.
	StartTimeout time.Duration
	// EventTimeout is the longest that a handler may take for one event, of which a request is at least one: DefaultEventTimeout. It is
	// the time during which other connections of the shard have to wait. Longer: the instance is ended, its unanswered requests get 500. Negative: no
	// limit, and a handler that computes for ever then stops its shard for ever.
	EventTimeout time.Duration
	// MaxExchangeFuel is the most computing for all events of one request together: DefaultMaxExchangeFuel. A unit is the call of a function,
	// the turn of a loop, or 64 bytes of a bulk operation: a fraction of a nanosecond to some nanoseconds. More: the instance is
	// ended, its unanswered requests get 500. Negative: no limit.
	MaxExchangeFuel int64

	// MaxInstances is how many instances there may be with Pooled and Fresh: DefaultMaxInstances. Requests beyond wait for one.
	MaxInstances int
	// MaxExchanges is how many requests may be served at the same time, with connections that were upgraded: DefaultMaxExchanges. Requests
	// beyond wait.
	MaxExchanges int
	// MaxQueuedRequests is how many requests may wait: DefaultMaxQueuedRequests. Beyond: 503. Negative: none may.
	MaxQueuedRequests int
	// QueueTimeout is how long a request may wait: DefaultQueueTimeout. Longer: 503. Negative: no limit.
	QueueTimeout time.Duration

	// MaxOutboundSockets is how many connections one instance may have open to others, also such as are idle in a
	// pool: DefaultMaxOutboundSockets. Beyond it connecting fails with EMFILE.
	MaxOutboundSockets int
	// MaxOutboundRequests is how many requests of its own one instance may have under way: DefaultMaxOutboundRequests. Beyond it
	// making one fails.
	MaxOutboundRequests int
	// MaxQueuedBytes is how many bytes of responses, requests and sockets the handler may have sent that have not left:
	// DefaultMaxQueuedBytes. Beyond: the connection that it sends on is cut. See ServerConfig.MaxQueuedBytes for a single connection.
	MaxQueuedBytes int64
	// MaxBodyBytes is how large the body of one request may be: 0, no limit. Beyond: 413, or the connection is cut if the head of the response is out.
	MaxBodyBytes int64

	// RetireTimeout is how long requests may go on that began before the handler was replaced or removed: DefaultRetireTimeout. Longer: they
	// are cut. Negative: no limit.
	RetireTimeout time.Duration
}

// Defaults of Limits.
const (
	DefaultMaxMemoryPages      = 4096 // 256 MiB
	DefaultMaxTableElements    = 1 << 20
	DefaultMaxCallDepth        = 1 << 14
	DefaultStartTimeout        = 5 * time.Second
	DefaultEventTimeout        = 1 * time.Second
	DefaultMaxExchangeFuel     = 1 << 34
	DefaultMaxInstances        = 16
	DefaultMaxExchanges        = 16384
	DefaultMaxQueuedRequests   = 1024
	DefaultQueueTimeout        = 5 * time.Second
	DefaultMaxOutboundSockets  = 1024
	DefaultMaxOutboundRequests = 4096
	DefaultMaxQueuedBytes      = 256 << 20
	DefaultRetireTimeout       = 5 * time.Minute
)

// forever is what no limit means for a timeout: 100 years, which can be added to any clock.
const forever = 100 * 365 * 24 * time.Hour

// Validate reports all faults of l, joined.
func (l *Limits) Validate() error {
	var errs []error
	size := func(name string, n, least, most int64) {
		if n < least || n > most {
			errs = append(errs, fmt.Errorf("host: %s is %d, want %d to %d", name, n, least, most))
		}
	}
	size("MaxMemoryPages", int64(l.MaxMemoryPages), 0, maxPages)
	size("MaxTableElements", int64(l.MaxTableElements), 0, 10_000_000)
	size("MaxCallDepth", int64(l.MaxCallDepth), 0, 1<<20)
	size("MaxExchangeFuel", l.MaxExchangeFuel, -1, 1<<62)
	size("MaxInstances", int64(l.MaxInstances), 0, 1<<16)
	size("MaxExchanges", int64(l.MaxExchanges), 0, 1<<20)
	size("MaxQueuedRequests", int64(l.MaxQueuedRequests), -1, 1<<20)
	size("MaxOutboundSockets", int64(l.MaxOutboundSockets), 0, 1<<20)
	size("MaxOutboundRequests", int64(l.MaxOutboundRequests), 0, 1<<20)
	size("MaxQueuedBytes", l.MaxQueuedBytes, 0, 1<<40)
	size("MaxBodyBytes", l.MaxBodyBytes, 0, 1<<62)
	return errors.Join(errs...)
}

// compile returns what l means for the compiler.
func (l *Limits) compile() sandbox.CompileConfig {
	return sandbox.CompileConfig{
		Meter:         true,
		CallDepth:     uint32(orDefault(l.MaxCallDepth, DefaultMaxCallDepth)),
		MemoryPages:   uint32(orDefault(l.MaxMemoryPages, DefaultMaxMemoryPages)),
		TableElements: uint32(orDefault(l.MaxTableElements, DefaultMaxTableElements)),
	}
}

// shard returns what l means for a shard.
func (l *Limits) shard() shard.Limits {
	duration := func(d, otherwise time.Duration) time.Duration {
		switch {
		case d == 0:
			return otherwise
		case d < 0:
			return forever
		}
		return min(d, forever)
	}
	return shard.Limits{
		StartTimeout:        duration(l.StartTimeout, DefaultStartTimeout),
		EventTimeout:        duration(l.EventTimeout, DefaultEventTimeout),
		MaxExchangeFuel:     max(orDefault(l.MaxExchangeFuel, DefaultMaxExchangeFuel), 0),
		MaxInstances:        orDefault(l.MaxInstances, DefaultMaxInstances),
		MaxExchanges:        orDefault(l.MaxExchanges, DefaultMaxExchanges),
		MaxQueuedRequests:   max(orDefault(l.MaxQueuedRequests, DefaultMaxQueuedRequests), 0),
		QueueTimeout:        duration(l.QueueTimeout, DefaultQueueTimeout),
		MaxOutboundSockets:  orDefault(l.MaxOutboundSockets, DefaultMaxOutboundSockets),
		MaxOutboundRequests: orDefault(l.MaxOutboundRequests, DefaultMaxOutboundRequests),
		MaxQueuedBytes:      orDefault(l.MaxQueuedBytes, DefaultMaxQueuedBytes),
		MaxBodyBytes:        l.MaxBodyBytes,
		RetireTimeout:       duration(l.RetireTimeout, DefaultRetireTimeout),
	}
}

// orDefault returns n, or what 0 means.
func orDefault[T int | int64](n, otherwise T) T {
	if n == 0 {
		return otherwise
	}
	return n
}
