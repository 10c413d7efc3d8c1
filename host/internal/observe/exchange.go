package observe

import (
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// exchange observes one request. It implements shard.ExchangeObserver, and is used again after End.
type exchange struct {
	series *series
	route  *route // nil: over
	begun  time.Duration
	method int // place in methods
	code   int // status of the response; 0: none yet
	span   trace.Span
	fields []shard.Field
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

var epoch = time.Now()

// now is on the monotonic clock. The loop's clock will not do: it stands still while a batch of requests is served.
func now() time.Duration { return time.Since(epoch) }

// Fields implements shard.ExchangeObserver.
func (x *exchange) Fields() []shard.Field { return x.fields }

// Status implements shard.ExchangeObserver.
func (x *exchange) Status(code int) { x.code = code }

// End implements shard.ExchangeObserver.
func (x *exchange) End(complete bool, fuel int64) {
	r := x.route
	if r == nil {
		return
	}
	r.count(x.method, codeIndex(x.code))
	r.duration.Observe((now() - x.begun).Seconds())
	if !complete {
		r.cut.Inc()
	}
	if fuel > 0 {
		x.series.fuel.Add(float64(fuel))
	}
	x.series.inFlight.Dec()
	if x.span != nil {
		endSpan(x.span, x.code, complete)
	}
	*x = exchange{}
	exchanges.Put(x)
}
