package host_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/certtest"
)

// BenchmarkTLS compares hello over TLS with net/http: requests on open connections, and handshakes with a request each. How much slower
// ours is, is a ratio of two of its lines.
func BenchmarkTLS(b *testing.B) {
	ca := certtest.NewAuthority(b)
	files := pairOf(b, ca.Issue(b, "a.test"))
	r, _ := newRuntime(b, host.Config{})
	s, err := r.NewServer(load(b, r, "hello", hello), host.ServerConfig{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	bound, err := s.ListenTLS(loopback, host.TLSConfig{Certificates: []host.CertificateFiles{files}})
	require.NoError(b, err)

	ln, err := net.Listen("tcp", loopback)
	require.NoError(b, err)
	native := &nethttp.Server{
		Handler: nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "hello world\n")
		}),
		ErrorLog:     log.New(io.Discard, "", 0),
		TLSNextProto: map[string]func(*nethttp.Server, *tls.Conn, nethttp.Handler){}, // HTTP/1.1, as ours
	}
	go func() { _ = native.ServeTLS(ln, files.Cert, files.Key) }()
	b.Cleanup(func() { _ = native.Close() })

	for _, subject := range []struct{ name, addr string }{{"porthole", bound.String()}, {"nethttp", ln.Addr().String()}} {
		for _, keep := range []bool{true, false} {
			name := "handshakes/"
			if keep {
				name = "requests/"
			}
			b.Run(name+subject.name, func(b *testing.B) {
				transport := &nethttp.Transport{
					TLSClientConfig:   &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"},
					DisableKeepAlives: !keep, MaxIdleConnsPerHost: 100,
				}
				defer transport.CloseIdleConnections()
				client := &nethttp.Client{Transport: transport, Timeout: patience}
				b.SetParallelism(8)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						res, err := client.Get("https://" + subject.addr + "/")
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, res.Body)
						_ = res.Body.Close()
					}
				})
			})
		}
	}
}
