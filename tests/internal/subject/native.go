package subject

import (
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/tests/internal/handler"
)

// native is the event loop of all native servers. It goes on while one of them listens: keeper does all the time.
var native struct {
	start  sync.Once
	keeper *http.Server
	ended  chan struct{} // closed when Run has returned; nil if it was never called
}

func runNative() {
	native.ended = make(chan struct{})
	http.Post(func() {
		native.keeper = http.CreateServer()
		native.keeper.Listen(0, http.Hostname("127.0.0.1"))
	})
	go func() {
		http.Run()
		close(native.ended)
	}()
}

func shutdownNative() error {
	if native.ended == nil {
		return nil
	}
	http.Post(func() { native.keeper.Close() })
	return within(native.ended)
}

func startNative(t testing.TB, o Options) *Server {
	t.Helper()
	native.start.Do(runNative)
	var s *http.Server
	ready := make(chan net.Addr, 1)
	failed := make(chan error, 1)
	http.Post(func() {
		s = http.CreateServer()
		nativeOptions(&s.Options, &o)
		h := handler.Attach(s)
		if o.CheckContinue {
			h.ListenCheckContinue()
		}
		if o.Takeovers {
			h.ListenTakeovers()
		}
		s.OnError(func(err error) { failed <- err })
		callback := http.Callback(func() { ready <- s.Address() })
		if o.Unix {
			s.ListenPath(filepath.Join(t.TempDir(), "s"), callback)
		} else {
			s.Listen(0, http.Hostname("127.0.0.1"), callback)
		}
	})
	select {
	case addr := <-ready:
		return &Server{Addr: address(addr), stop: func() error {
			closed := make(chan struct{})
			http.Post(func() { s.Close(func() { close(closed) }) })
			return within(closed)
		}}
	case err := <-failed:
		t.Fatal(err)
	case <-time.After(patience):
		t.Fatal("the server does not start")
	}
	return nil
}

// address is what raw.Dial takes.
func address(addr net.Addr) string {
	if addr.Network() == "unix" {
		return "unix:" + addr.String()
	}
	return addr.String()
}

// nativeOptions says o, in which zero is the default and less is none, in the way of package http.
func nativeOptions(to *http.Options, o *Options) {
	duration := func(to *time.Duration, d time.Duration) {
		if d != 0 {
			*to = max(d, 0)
		}
	}
	duration(&to.HeadersTimeout, o.HeadersTimeout)
	duration(&to.RequestTimeout, o.RequestTimeout)
	duration(&to.KeepAliveTimeout, o.KeepAliveTimeout)
	duration(&to.BodyIdleTimeout, o.BodyIdleTimeout)
	duration(&to.WriteIdleTimeout, o.WriteIdleTimeout)
	duration(&to.LingerTimeout, o.LingerTimeout)
	number := func(to *int, n int) {
		if n != 0 {
			*to = max(n, 0)
		}
	}
	number(&to.MaxHeaderSize, o.MaxHeaderBytes)
	number(&to.MaxHeadersCount, o.MaxHeadersCount)
	number(&to.MaxChunkExtensions, o.MaxChunkExtensions)
	number(&to.MaxPipelined, o.MaxPipelined)
	number(&to.MaxQueuedBytes, o.MaxQueuedBytes)
	number(&to.MaxRequestsPerSocket, o.MaxRequests)
	to.LenientMissingHost = o.LenientMissingHost
	to.LenientObsFold = o.LenientObsFold
	to.LenientBareLF = o.LenientBareLF
	to.LenientHeaderNames = o.LenientHeaderNames
	to.IgnoreUpgrade = o.IgnoreUpgrade
}

func within(done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return errPatience
	}
}
