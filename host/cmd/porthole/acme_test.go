package main

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/certtest"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// Certificates come from an authority, which sees to it that the names are ours although it has no certificate to show itself,
// and from the directory when the authority is gone.
func TestServeACME(t *testing.T) {
	binary := buildPebble(t)
	authority := newPebble(t)
	clients := certtest.NewAuthority(t)
	files, key := certtest.Files(t, clients.Issue(t, "files.test"))
	cache := filepath.Join(t.TempDir(), "acme")
	args := []string{
		"--tls-listen", "127.0.0.1:0", "--acme-domain", "a.porthole.test", "--acme-domain", "B.porthole.test", "--acme-email", "admin@porthole.test",
		"--acme-cache", cache, "--acme-directory", authority.directory(), "--acme-ca", authority.own.File(t),
		"--tls-cert", files, "--tls-key", key, "--tls-client-ca", clients.File(t),
	}
	identity := []tls.Certificate{clients.Issue(t, "client.test")}
	p := serveWith(t, moduletest.Answering(), args...)
	stop := authority.run(binary, p.portOf(0))
	p.line(`msg="certificate obtained"`)
	p.line(`msg="certificate obtained"`)
	checkACME(t, p, authority, clients, identity)

	if runtime.GOOS != "windows" {
		for path, mode := range map[string]os.FileMode{"": 0o700, "a.porthole.test": 0o600, "acme_account+key": 0o600} {
			info, err := os.Stat(filepath.Join(cache, path))
			require.NoError(t, err)
			assert.Equal(t, mode, info.Mode().Perm(), path)
		}
	}

	stop()
	checkACME(t, serveWith(t, moduletest.Answering(), args...), authority, clients, identity)
}

func checkACME(t *testing.T, p *process, authority *pebble, clients *certtest.Authority, identity []tls.Certificate) {
	t.Helper()
	for _, name := range []string{"a.porthole.test", "b.porthole.test", "A.Porthole.Test"} {
		conn, err := p.dialTLS(0, &tls.Config{RootCAs: authority.roots, ServerName: name, Certificates: identity, NextProtos: []string{"http/1.1"}})
		require.NoError(t, err, name)
		assert.Equal(t, "http/1.1", conn.ConnectionState().NegotiatedProtocol)
	}
	status, _ := p.getTLS(0, &tls.Config{RootCAs: authority.roots, ServerName: "a.porthole.test", Certificates: identity})
	assert.Equal(t, 200, status)
	_, err := p.dialTLS(0, &tls.Config{RootCAs: authority.roots, ServerName: "a.porthole.test", MaxVersion: tls.VersionTLS12})
	assert.Error(t, err, "clients have to show certificates all the same")
	conn, err := p.dialTLS(0, &tls.Config{RootCAs: clients.Pool(), ServerName: "files.test", Certificates: identity})
	require.NoError(t, err)
	assert.Equal(t, []string{"files.test"}, conn.ConnectionState().PeerCertificates[0].DNSNames)

	// A challenge that is not under way is answered for nobody, and is no way past the clients' certificates.
	for _, name := range []string{"a.porthole.test", "other.porthole.test", "files.test"} {
		_, err = p.dialTLS(0, &tls.Config{InsecureSkipVerify: true, ServerName: name, NextProtos: []string{"acme-tls/1"}})
		assert.Error(t, err, name)
	}
}
