package observe

import (
	"bytes"
	"context"

	"go.opentelemetry.io/otel/propagation"

	"github.com/portholehttp/porthole/host/internal/shard"
)

// Names of header fields of W3C Trace Context.
const (
	traceparent = "traceparent"
	tracestate  = "tracestate"
)

// carrier is the header fields of a request that have to do with tracing, as a propagator reads and writes them.
type carrier struct {
	parent, state []byte // the client's; views
	fields        []shard.Field
}

// Get implements propagation.TextMapCarrier.
func (c *carrier) Get(name string) string {
	switch {
	case name == tracestate:
		return string(c.state)
	case name == traceparent && !bytes.ContainsRune(c.parent, ','): // more than one field is none, §2.2.1
		return string(c.parent)
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (c *carrier) Set(name, value string) {
	c.fields = append(c.fields, shard.Field{Name: name, Value: value})
}

// Keys implements propagation.TextMapCarrier.
func (c *carrier) Keys() []string { return []string{traceparent, tracestate} }

// inject returns the fields that a handler gets. The client's tracestate belongs to the client's traceparent, so it goes with it.
func (c *carrier) inject(ctx context.Context) []shard.Field {
	c.fields = make([]shard.Field, 0, 2)
	propagation.TraceContext{}.Inject(ctx, c)
	if len(c.fields) == 1 && len(c.state) > 0 {
		c.Set(tracestate, "")
	}
	return c.fields
}
