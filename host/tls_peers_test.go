package host_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/certtest"
)

// nodeClient makes a request after another, which may use its connection or resume its session, and prints the last body.
const nodeClient = `
const fs = require('fs'), https = require('https')
const [port, ca, cert, key] = process.argv.slice(1)
const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })
const options = { port, host: '127.0.0.1', servername: 'a.test', headers: { host: 'a.test' }, agent,
  ca: fs.readFileSync(ca), cert: fs.readFileSync(cert), key: fs.readFileSync(key), ALPNProtocols: ['http/1.1'] }
const get = done => https.get(options, res => {
  let body = ''
  res.setEncoding('utf8').on('data', d => body += d).on('end', () => done(body))
})
get(() => get(body => {
  process.stdout.write(body)
  agent.destroy()
}))
`

// Clients of others, each with a certificate of its own.
func TestTLSPeers(t *testing.T) {
	ca := certtest.NewAuthority(t)
	addr, _, _ := secure(t, host.TLSConfig{Certificates: []host.CertificateFiles{pairOf(t, ca.Issue(t, "a.test"))}, ClientCAFile: ca.File(t)})
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	roots, own := ca.File(t), pairOf(t, ca.Issue(t, "client.test"))
	known := []string{"encrypted true", "protocol TLSv1.3", "alpn http/1.1", "name a.test", "verified true", "subject CN=client.test"}
	curl := []string{"curl", "--silent", "--show-error", "--resolve", "a.test:" + port + ":127.0.0.1", "--cacert", roots}
	for _, c := range []struct {
		name, stdin string
		args        []string
		want        []string
	}{
		{"curl", "", append(curl, "--cert", own.Cert, "--key", own.Key, "https://a.test:"+port+"/"), known},
		{"curl with HTTP/1.0", "", append(curl, "--http1.0", "--cert", own.Cert, "--key", own.Key, "https://a.test:"+port+"/"), []string{"verified true"}},
		{"curl without a certificate", "", append(curl, "https://a.test:"+port+"/"), []string{"certificate required"}},
		{"curl without TLS", "", append(curl, "http://a.test:"+port+"/"), []string{"This port speaks HTTPS"}},
		{"openssl", "GET /close HTTP/1.1\r\nHost: a.test\r\n\r\n", []string{"openssl", "s_client", "-quiet", "-ign_eof", "-verify_return_error", "-connect", addr, "-servername", "a.test",
			"-alpn", "h2,http/1.1", "-CAfile", roots, "-cert", own.Cert, "-key", own.Key}, known},
		{"openssl with h2 only", "", []string{"openssl", "s_client", "-connect", addr, "-servername", "a.test", "-alpn", "h2"}, []string{"no application protocol"}},
		{"node", "", []string{"node", "-e", nodeClient, port, roots, own.Cert, own.Key}, known},
	} {
		t.Run(c.name, func(t *testing.T) {
			program, err := exec.LookPath(c.args[0])
			if err != nil {
				if os.Getenv("PORTHOLE_REQUIRE_PEERS") != "" {
					t.Fatalf("PORTHOLE_REQUIRE_PEERS is set: %v", err)
				}
				t.Skipf("%v (set PORTHOLE_REQUIRE_PEERS to make that a failure)", err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, program, c.args[1:]...)
			cmd.Stdin = strings.NewReader(c.stdin)
			out, _ := cmd.CombinedOutput() // its status differs with the version; what it says counts
			require.NoError(t, ctx.Err(), string(out))
			for _, want := range c.want {
				assert.Contains(t, string(out), want)
			}
		})
	}
}
