package shard

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// newHandler makes one more handler of a test.
func newHandler(t testing.TB, name string, wasm []byte, options ...option) *Handler {
	t.Helper()
	c := setup{Handler: Handler{Name: name, Limits: testLimits}}
	for _, o := range options {
		o(&c)
	}
	c.Module = compileHandler(t, wasm, c.step, c.compile)
	return &c.Handler
}

// starts lets instances of handler.wat begin one by one, each when the test says so.
type starts struct{ tokens chan bool }

func newStarts() *starts { return &starts{make(chan bool, 100)} }

// withStarts holds all instances but the first.
func withStarts(s *starts) option {
	s.next(true)
	return withStep(func(place uint32) ([]byte, bool) { return nil, place != 1 || <-s.tokens })
}

// next lets one begin, or trap.
func (s *starts) next(well bool) { s.tokens <- well }

// requestHead makes an abi.RequestHead.
func requestHead(target string, bodySize int64, fields ...Field) []byte {
	text := []byte("GET" + target)
	var table []abi.Field
	for _, f := range fields {
		at := uint32(len(text))
		text = append(append(text, f.Name...), f.Value...)
		table = append(table, abi.Field{NameOffset: at, NameSize: uint32(len(f.Name)), ValueOffset: at + uint32(len(f.Name)), ValueSize: uint32(len(f.Value))})
	}
	head := abi.RequestHead{
		TextOffset: uint32(abi.RequestHeadSize + len(fields)*abi.FieldSize), FieldCount: uint32(len(fields)),
		MethodSize: 3, TargetOffset: 3, TargetSize: uint32(len(target)), Major: 1, Minor: 1, BodySize: bodySize,
	}
	return append(abi.AppendFields(abi.Append(nil, &head), table), text...)
}

// emitHead is emit for an event with a head.
func (p *peer) emitHead(kind abi.EventKind, flags uint32, target uint64, head []byte, handler ...[]byte) {
	p.t.Helper()
	if !p.w.unsteady {
		p.w.steady()
	}
	body := bytes.Join(handler, nil)
	p.poke(stackScratch, body)
	p.poke(stackScratch+4096, head)
	p.ask(stackEmit, uint64(kind), uint64(flags), target, p.other(kind), stackScratch+4096, uint64(len(head)), stackScratch, uint64(len(body)))
}

// finish has the stack say that an exchange is over.
func (p *peer) finish(exchange uint64) {
	p.t.Helper()
	p.emit(abi.EventFinish, abi.EventDone, exchange)
}

// expect reads records and compares them.
func (p *peer) expect(want ...record) {
	p.t.Helper()
	for _, w := range want {
		require.Equal(p.t, w, p.record())
	}
}

func failed(target uint64, status uint32) record {
	return record{What: uint32(abi.OpExchangeFail), Flags: status, Target: target}
}

func paused(target uint64) record  { return record{What: uint32(abi.OpRequestPause), Target: target} }
func resumed(target uint64) record { return record{What: uint32(abi.OpRequestResume), Target: target} }

// watcher is an Observer that writes down what it is told.
type watcher struct {
	mu     sync.Mutex
	lines  []string
	fields []Field
}

func withWatcher(o *watcher) option { return func(c *setup) { c.Observer = o } }

func (o *watcher) note(format string, arguments ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, fmt.Sprintf(format, arguments...))
}

// take returns what was written down since it was called last.
func (o *watcher) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines
	o.lines = nil
	return lines
}

func (o *watcher) Request(r *Request) ExchangeObserver {
	o.note("request %s %s %s host=%s parent=%s state=%s shard=%d at=%d",
		r.Pattern, r.Method, r.Target, r.Host, r.Traceparent, r.Tracestate, r.Shard, r.ReceivedAtNs)
	return (*watched)(o)
}

func (o *watcher) Instance(started time.Duration, reset bool) {
	o.note("instance took=%v reset=%v", started > 0, reset)
}
func (o *watcher) Fault(kind FaultKind) { o.note("fault %s", kind) }
func (o *watcher) Gone()                { o.note("gone") }
func (o *watcher) Queued(change int)    { o.note("queued %+d", change) }

// watched observes one exchange of a watcher, or all: they are not told apart.
type watched watcher

func (o *watched) Fields() []Field { return o.fields }
func (o *watched) Status(code int) { (*watcher)(o).note("status %d", code) }
func (o *watched) End(complete bool, fuel int64) {
	(*watcher)(o).note("end complete=%v fuel=%v", complete, fuel > 0)
}
