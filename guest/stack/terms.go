package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// terms are the limits and timeouts that connections have in common.
type terms struct {
	options abi.Options
	timers  [timeClasses]timerList
}

// keepAliveBuffer is how much longer than advertised an idle connection stays open, so that a
// request which the client sends at the last moment does not meet a closing socket.
const keepAliveBuffer = int64(1e9)

func (t *terms) init(o *abi.Options) {
	t.options = *o
	t.timers[timeHeaders].duration = o.HeadersTimeout
	t.timers[timeRequest].duration = o.RequestTimeout
	t.timers[timeBodyIdle].duration = o.BodyIdleTimeout
	t.timers[timeWriteIdle].duration = o.WriteIdleTimeout
	t.timers[timeLinger].duration = max(o.LingerTimeout, 1)
	if o.KeepAliveTimeout > 0 {
		t.timers[timeKeepAlive].duration = o.KeepAliveTimeout + keepAliveBuffer
	}
}

// limits are what the terms say to the codec.
func (t *terms) limits() h1.Limits {
	return h1.Limits{
		MaxHeaderBytes:     t.options.MaxHeaderBytes,
		MaxHeadersCount:    t.options.MaxHeadersCount,
		MaxChunkExtensions: t.options.MaxChunkExtensions,
		Lenient:            t.options.Lenient,
	}
}
