package tests

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	nethttp "net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/authority"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// Over a TLS listener of the embedder a handler sees who its client is: request.connection, verifyPeer, getPeerCertificate.
func TestPeerCertificate(t *testing.T) {
	ours, another := authority.New(t), authority.New(t)
	server := ours.Issue(t, authority.Named("server.test"))
	client := ours.Issue(t, authority.Named("client.test"), authority.ForClients)
	stranger := another.Issue(t, authority.Named("stranger.test"), authority.ForClients)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(ours.PEM())))
	addr := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{server},
		ClientAuth:   tls.RequestClientCert,
		ClientCAs:    roots,
	})
	verifying := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{server},
		ClientAuth:   tls.VerifyClientCertIfGiven,
		ClientCAs:    roots,
	})

	for _, c := range []struct {
		name, addr  string
		certificate *tls.Certificate
		verified    bool
		shows       string
	}{
		{"none", verifying, nil, false, ""},
		{"verified", verifying, &client, true, "client.test"},
		{"shown and not verified", addr, &stranger, false, "stranger.test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := &tls.Config{RootCAs: roots, ServerName: "server.test"}
			if c.certificate != nil {
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.certificate, nil }
			}
			var local net.Addr
			transport := &nethttp.Transport{DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
				if err == nil {
					local = conn.LocalAddr()
				}
				return conn, err
			}}
			defer transport.CloseIdleConnections()
			response, err := (&nethttp.Client{Transport: transport, Timeout: raw.Patience}).Get("https://" + c.addr + "/peer")
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())

			want := "remote " + strings.Replace(local.String(), ":", " ", 1) + "\nlocal " + strings.Replace(c.addr, ":", " ", 1) +
				fmt.Sprintf("\nverified %v\n", c.verified)
			if c.certificate != nil {
				sum := sha256.Sum256(c.certificate.Certificate[0])
				want += "subject CN=" + c.shows + "\nnames DNS:" + c.shows +
					"\nfingerprint " + strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":") + "\n"
			}
			assert.Equal(t, want, string(body))
		})
	}
}

// serveTLS serves the handler under test on a TLS listener, and returns where.
func serveTLS(t *testing.T, config *tls.Config) string {
	t.Helper()
	file, err := subject.Module()
	require.NoError(t, err)
	wasm, err := os.ReadFile(file)
	require.NoError(t, err)
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Config{CacheDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, runtime.Close(ctx)) })
	handler, err := runtime.Load(ctx, "handler", wasm, host.HandlerConfig{})
	require.NoError(t, err)
	server, err := runtime.NewServer(handler, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(tls.NewListener(ln, config)) }()
	t.Cleanup(func() {
		assert.NoError(t, server.Close())
		assert.ErrorIs(t, <-served, host.ErrServerClosed)
	})
	return ln.Addr().String()
}
