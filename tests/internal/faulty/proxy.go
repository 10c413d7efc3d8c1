// Package faulty is a TCP proxy that does to connections what networks do: bytes come in pieces and late, and connections end in the
// middle, in one direction or both. What happens to which connection is decided by a seed.
package faulty

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy passes connections on to a target.
type Proxy struct {
	Addr string // that it listens on

	target   string
	seed     uint64
	listener net.Listener
	running  sync.WaitGroup
	faults   atomic.Int64

	mu   sync.Mutex
	open map[*net.TCPConn]bool
}

// Start starts a proxy. It ends with the test, and with it the connections that are open then.
func Start(t testing.TB, target string, seed uint64) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Addr: listener.Addr().String(), target: target, seed: seed, listener: listener, open: map[*net.TCPConn]bool{}}
	p.running.Go(func() { p.accept(t) })
	t.Cleanup(func() {
		_ = listener.Close() // it is open
		p.mu.Lock()
		for conn := range p.open {
			_ = conn.Close() // likewise
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	return p
}

// Faults returns how many connections have been broken so far.
func (p *Proxy) Faults() int { return int(p.faults.Load()) }

// Open returns how many connections are open.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open) / 2
}

func (p *Proxy) accept(t testing.TB) {
	for number := uint64(0); ; number++ {
		client, err := p.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close() // it is open
			continue
		}
		random := rand.New(rand.NewPCG(p.seed, number))
		there, back := newPlan(random), newPlan(random)
		p.join(client.(*net.TCPConn), server.(*net.TCPConn), there, back)
	}
}

// join passes bytes on both ways until both are over.
func (p *Proxy) join(client, server *net.TCPConn, there, back plan) {
	p.mu.Lock()
	p.open[client], p.open[server] = true, true
	p.mu.Unlock()
	p.running.Go(func() {
		var both sync.WaitGroup
		both.Go(func() { p.pump(client, server, there) })
		both.Go(func() { p.pump(server, client, back) })
		both.Wait()
		_ = client.Close() // it may be closed already
		_ = server.Close()
		p.mu.Lock()
		delete(p.open, client)
		delete(p.open, server)
		p.mu.Unlock()
	})
}
