package tests

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	nethttp "net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/tests/internal/authority"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// A server with TLS, and what is wrong with its certificate in Node's words.
func TestHTTPS(t *testing.T) {
	ca := authority.New(t)
	good := ca.Issue(t, authority.Named("localhost"))
	self := authority.New(t)
	start := func(certificate tls.Certificate) *origin {
		o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			fmt.Fprintf(w, "%s %s with %s: %d", r.Method, r.Host, tls.VersionName(r.TLS.Version), len(body))
		})
		o.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that the client gives up
		o.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		o.StartTLS()
		t.Cleanup(o.Close)
		return o
	}
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		for _, exchange := range []struct {
			name  string
			shown tls.Certificate
			query string
			trust string
			code  string // "" if it goes well
		}{
			{name: "trusted", shown: good, trust: ca.PEM()},
			{name: "pooled", shown: good, trust: ca.PEM(), query: "&agent=1k"},
			{name: "by its name alone", shown: ca.Issue(t, authority.Named("a.test")), trust: ca.PEM(), query: "&name=a.test"},
			{name: "not verified", shown: self.Itself(), query: "&insecure=1"},
			{name: "unknown", shown: good, trust: self.PEM(), code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE"},
			{name: "unknown to the system", shown: good, code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE"},
			{name: "self-signed", shown: self.Itself(), trust: ca.PEM(), code: "DEPTH_ZERO_SELF_SIGNED_CERT"},
			{name: "another name", shown: ca.Issue(t, authority.Named("a.test")), trust: ca.PEM(), code: "ERR_TLS_CERT_ALTNAME_INVALID"},
			{name: "expired", shown: ca.Issue(t, authority.Named("localhost"), func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
			}), trust: ca.PEM(), code: "CERT_HAS_EXPIRED"},
		} {
			t.Run(exchange.name, func(t *testing.T) {
				o := start(exchange.shown)
				for range 2 {
					got := fetch(t, addr, "tls=1&host=localhost&path=/&port="+o.port()+exchange.query, exchange.trust)
					assert.Equal(t, exchange.code, got.Error)
					if exchange.code != "" {
						assert.Equal(t, "socket, error", got.events())
						continue
					}
					assert.Equal(t, "socket, response, end", got.events())
					assert.Equal(t, "GET localhost:"+o.port()+" with TLS 1.3: 0", got.Body)
				}
				want := int64(2)
				if strings.Contains(exchange.query, "agent") {
					want = 1
				}
				assert.Equal(t, want, o.connections.Load(), "connections")
			})
		}
	})
}

// A server that does not speak TLS where TLS is asked for, and the other way round.
func TestHTTPSConfused(t *testing.T) {
	ca := authority.New(t)
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr := f.server(subject.Options{}).Addr
		plain := newOrigin(t, func(nethttp.ResponseWriter, *nethttp.Request) {}).start(t)
		got := fetch(t, addr, "tls=1&path=/&port="+plain.port(), ca.PEM())
		assert.Equal(t, "EPROTO", got.Error)

		secure := newOrigin(t, func(nethttp.ResponseWriter, *nethttp.Request) {})
		secure.Config.ErrorLog = log.New(io.Discard, "", 0)
		secure.StartTLS()
		t.Cleanup(secure.Close)
		got = fetch(t, addr, "path=/&port="+secure.port(), "")
		assert.Equal(t, 400, got.Status, "net/http answers in HTTP")
	})
}
