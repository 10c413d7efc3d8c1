//go:build linux

// Package load sends HTTP/1.1 requests to a server and measures how long the answers take.
//
// It does so either as fast as the answers come (a closed loop, for the most a server can do), or at a fixed rate whatever the
// server does (an open loop, for how long a client waits). In the second, a request has an intended time, and its latency
// counts from there: a server that stalls is charged for every request that should have been sent meanwhile, as its users
// would. To count from when a late request was in fact sent is known as coordinated omission.
//
// Threads of this package are busy ones, and the machine's cores are shared with the server: so it is made to cost little, an
// epoll loop that allocates nothing per request.
package load

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Options says what is sent, and how fast.
type Options struct {
	Address     string // host:port, of IPv4
	Connections int    // kept alive throughout
	Threads     int    // over which the connections are spread; 0: one

	// Requests are sent in turn. Each is as many whole requests as Depth says, 0 being one.
	Requests [][]byte
	Depth    int

	// Body is how many bytes the body of each answer has. Another answer is an error.
	Body int64

	// Counted has only the first of Depth answers looked into. It is to have a Content-Length, and the others as many bytes as it: that is all
	// that is checked of them. It is for loads that are to take as little of the processor as can be.
	Counted bool

	// Rate is how many Requests are sent a second, over all connections. 0: on each connection, whenever the answer is there.
	Rate float64

	// Nap is how long a thread sleeps before it looks for answers, so that it finds many at once and nobody has to wake it. It should be far less
	// than the server has to do meanwhile. 0: it does not.
	Nap time.Duration

	// Time is how long is measured, after a time of WarmUp that is not.
	WarmUp, Time time.Duration

	// Mark, unless nil, is called when the measured time begins, and when it ends.
	Mark func(begin bool)
}

// Result is what was measured.
type Result struct {
	Requests int64         // answered within the measured time; with a Rate, those intended in it
	Elapsed  time.Duration // the measured time

	// Latency is in nanoseconds, of each of Requests that is sent: of all it holds where Depth is more than one.
	Latency *hdrhistogram.Histogram

	// Unanswered is how many had no answer when the measured time had passed again, and a second. With a Rate, it is those intended within the
	// measured time. Latency has them with what they had waited.
	Unanswered int64
}

// ErrStatus is for an answer other than 200, ErrBody for one whose body is not as long as it should be.
var (
	ErrStatus = errors.New("not status 200")
	ErrBody   = errors.New("not the body expected")
)

// newHistogram counts from a microsecond to a minute, with three digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), 3)
}

// Run opens the connections and sends until the time is over. It fails if a connection does, if an answer is not status 200 or has
// another body, or if nothing is answered.
func Run(ctx context.Context, o Options) (Result, error) {
	address, err := netip.ParseAddrPort(o.Address)
	if err != nil {
		return Result{}, err
	}
	if o.Connections < 1 || o.Time <= 0 || len(o.Requests) == 0 {
		return Result{}, errors.New("load: Connections, Time and Requests are needed")
	}
	o.Threads = min(max(o.Threads, 1), o.Connections)
	o.Depth = max(o.Depth, 1)

	loops := make([]*loop, o.Threads)
	for i := range loops {
		loops[i], err = newLoop(address, o, share(o.Connections, o.Threads, i))
		if err != nil {
			return Result{}, errors.Join(append(closeAll(loops), err)...)
		}
	}
	w := window{base: time.Now()}
	w.begin = o.WarmUp.Nanoseconds()
	w.end = w.begin + o.Time.Nanoseconds()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var marks sync.WaitGroup
	if o.Mark != nil {
		marks.Go(func() { w.mark(ctx, o.Mark) })
	}
	errs := make([]error, len(loops))
	var running sync.WaitGroup
	for i, l := range loops {
		running.Go(func() {
			if errs[i] = l.run(ctx, w); errs[i] != nil {
				cancel() // one failure is the failure of all
			}
		})
	}
	running.Wait()
	marks.Wait() // the end of the window is now, or was canceled

	r := Result{Elapsed: o.Time, Latency: newHistogram()}
	for _, l := range loops {
		r.Latency.Merge(l.latency)
		r.Requests += l.answered * int64(o.Depth)
		r.Unanswered += l.unanswered * int64(o.Depth)
	}
	errs = append(errs, closeAll(loops)...)
	if err := firstCause(errs); err != nil {
		return r, err
	}
	if r.Requests == 0 {
		return r, fmt.Errorf("load: nothing was answered in %s", o.Time)
	}
	return r, nil
}

// share is the part of total that worker i of n has.
func share(total, n, i int) int { return total*(i+1)/n - total*i/n }

func closeAll(loops []*loop) (errs []error) {
	for _, l := range loops {
		if l != nil {
			errs = append(errs, l.close())
		}
	}
	return errs
}

// firstCause leaves out what is only the consequence of another failure.
func firstCause(errs []error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(errs...)
}

// window is the measured time, in nanoseconds since base.
type window struct {
	base       time.Time
	begin, end int64
}

func (w window) now() int64        { return time.Since(w.base).Nanoseconds() }
func (w window) has(at int64) bool { return at >= w.begin && at < w.end }
func (w window) opens() time.Time  { return w.base.Add(time.Duration(w.begin)) }
func (w window) closes() time.Time { return w.base.Add(time.Duration(w.end)) }

// patience is when answers are no longer waited for.
func (w window) patience() int64 { return w.end + (w.end - w.begin) + time.Second.Nanoseconds() }

// mark calls back at both ends of the window, unless the load ends before.
func (w window) mark(ctx context.Context, at func(begin bool)) {
	for _, begin := range []bool{true, false} {
		when := w.closes()
		if begin {
			when = w.opens()
		}
		select {
		case <-time.After(time.Until(when)):
			at(begin)
		case <-ctx.Done():
			return
		}
	}
}
