package shard

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/internal/netloop"
)

// ErrClosed is what a shard returns that has ended, or is about to.
var ErrClosed = errors.New("shard closed")

// Config configures a Shard. Only those may be left out that say what nil means.
type Config struct {
	Stack     *sandbox.Module
	Index     int // which shard it is, for observers
	MaxEvents int // that one call of the stack may raise
	Logger    *slog.Logger
	NewLoop   NewLoop
	Clock     sandbox.Clock // the time of day, for guests too; nil: the system's
}

// Shard is a loop, what is connected to it, and its guests. Its exported methods are safe for concurrent use,
// but for those of netloop.Handler and sockabi.Host.
type Shard struct {
	config Config
	loop   Loop
	log    *slog.Logger

	interrupt chan struct{} // closed by Stop: wakes guests that sleep
	stop      sync.Once
	done      chan struct{}
	err       error          // why the shard ended by itself; to be read after done is closed
	starts    sync.WaitGroup // goroutines that make instances

	mu       sync.Mutex            // for who writes versions, and for who reads it elsewhere
	versions map[*Handler]*version // the newest of each that is not gone

	// The rest belongs to the goroutine of the loop.

	stack     *stack
	fault     error   // the stack has failed and is to be replaced
	emitting  bool    // the stack is in an entry that may raise events
	events    []event // raised and not delivered yet
	turn      bool    // the stack wants on_turn
	listeners []*Listener
	sockets   map[netloop.Handle]*instance // who made it; nil: it came from a listener
	severed   []netloop.Handle             // cut, and the stack does not know yet
	draining  bool

	all       []*version // that are not gone
	routes    routes
	stirred   []*version           // see stir
	instances uint32               // the last number that one has got
	numbers   map[uint32]*instance // by number; nil: it is being made
	handles   handleTable
	waiting   map[uint64]*waiting // by the stack's handle
	failed    map[uint64]struct{} // handles of the stack that were failed since the events in the queue were raised
	observed  Request             // scratch
	rewritten copied              // scratch

	asking    *instance                   // who is in server_listen
	left      []uint64                    // what the stack calls servers whose listener another one has got
	rejoining *server                     // what a fresh stack is being told of
	servers   map[netloop.Handle]*server  // all that handlers listen on
	unheard   map[netloop.Handle]struct{} // servers that the handler knows to be over, and the stack is to close
	notices   []notice                    // to be delivered
}

// Start starts the goroutine of a shard with a fresh stack, and no handlers: see Prepare and SetRoutes. Until then requests are answered
// with 404. The error is a *sandbox.Fault if the stack did not start.
func Start(c Config) (*Shard, error) {
	s := &Shard{
		config:    c,
		log:       c.Logger,
		interrupt: make(chan struct{}),
		done:      make(chan struct{}),
		versions:  make(map[*Handler]*version),
		sockets:   make(map[netloop.Handle]*instance),
		numbers:   make(map[uint32]*instance),
		waiting:   make(map[uint64]*waiting),
		failed:    make(map[uint64]struct{}),
		servers:   make(map[netloop.Handle]*server),
		unheard:   make(map[netloop.Handle]struct{}),
	}
	s.loop = c.NewLoop(s.readBuffer)
	started := make(chan error, 1)
	s.loop.Post(func() { started <- s.begin() })
	go s.run()
	if err := <-started; err != nil {
		s.Stop()
		<-s.done
		return nil, err
	}
	return s, nil
}

func (s *Shard) run() {
	defer close(s.done)
	if err := s.loop.Run(s); err != nil && s.err == nil {
		s.err = err
	}
	s.starts.Wait()
	for len(s.all) > 0 {
		s.lose(s.all[0])
	}
	if s.stack != nil {
		s.stack.instance.Close()
	}
	for _, l := range s.servers {
		l.ports.Close(l.Listener)
	}
}

// begin starts the stack.
func (s *Shard) begin() error {
	if err := s.startStack(); err != nil {
		return err
	}
	s.settle()
	return s.err
}

// Stop ends the shard at once, with all its connections. It does not wait: see Done.
func (s *Shard) Stop() {
	s.stop.Do(func() { close(s.interrupt) })
	s.loop.Stop()
}

// Done is closed when the shard has ended and its guests are closed.
func (s *Shard) Done() <-chan struct{} { return s.done }

// Err returns why the shard ended, once Done is closed; nil after Stop and Drain.
func (s *Shard) Err() error { return s.err }

// Connections returns how many connections there are, those that handlers have made included.
func (s *Shard) Connections() int { return s.loop.Sockets() }

// Drain finishes what is in flight, then ends the shard. It does not wait: see Done.
func (s *Shard) Drain() {
	s.loop.Post(func() {
		s.draining = true
		for len(s.listeners) > 0 {
			s.closeListener(s.listeners[0])
		}
		for _, l := range s.servers {
			s.closeListener(l.Listener)
		}
		s.operate(abi.OpDrain, 0, 0, nil, nil, 0)
		s.settle()
	})
}

// fail ends the shard because it cannot go on.
func (s *Shard) fail(err error) {
	s.err = err
	s.Stop()
}
