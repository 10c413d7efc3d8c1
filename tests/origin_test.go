package tests

import (
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// origin is a server that the handler under test makes requests to. It counts its connections.
type origin struct {
	*httptest.Server
	connections atomic.Int64
}

func newOrigin(t *testing.T, handler nethttp.HandlerFunc) *origin {
	t.Helper()
	o := &origin{Server: httptest.NewUnstartedServer(handler)}
	o.Config.ConnState = func(_ net.Conn, state nethttp.ConnState) {
		if state == nethttp.StateNew {
			o.connections.Add(1)
		}
	}
	return o
}

// start serves until the end of the test.
func (o *origin) start(t *testing.T) *origin {
	o.Start()
	t.Cleanup(o.Close)
	return o
}

func (o *origin) port() string { return portOf(o.Listener.Addr().String()) }
