package tlsconn

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEnds(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, c := range []struct {
			name string
			end  func(peer *tls.Conn) error
			want error
		}{
			{"closure alert", func(peer *tls.Conn) error { return peer.CloseWrite() }, nil},
			{"closure alert, then the end", func(peer *tls.Conn) error { return peer.Close() }, nil},
			{"cut between records", func(peer *tls.Conn) error { return peer.NetConn().(*net.TCPConn).CloseWrite() }, io.ErrUnexpectedEOF},
			{"cut within a record", func(peer *tls.Conn) error {
				if _, err := peer.NetConn().Write([]byte{23, 3, 3, 0, 100, 1, 2, 3}); err != nil {
					return err
				}
				return peer.NetConn().(*net.TCPConn).CloseWrite()
			}, io.ErrUnexpectedEOF},
		} {
			for _, side := range []string{"server", "client"} {
				t.Run(tls.VersionName(version)+" "+side+" "+c.name, func(t *testing.T) {
					ours, peer := pair(t, side == "server", version)
					_, err := peer.Write([]byte("hello"))
					require.NoError(t, err)
					require.NoError(t, c.end(peer))
					got, err := io.ReadAll(iotest.OneByteReader(ours))
					assert.Equal(t, "hello", string(got))
					assert.ErrorIs(t, err, c.want)
					_, err = ours.Read(make([]byte, 1))
					if c.want != nil {
						assert.ErrorIs(t, err, c.want, "and it stays so")
					} else {
						assert.Equal(t, io.EOF, err)
					}
				})
			}
		}
	}
}

func TestNetConn(t *testing.T) {
	ours, _ := pair(t, true, tls.VersionTLS13)
	assert.IsType(t, (*net.TCPConn)(nil), ours.NetConn())
}

// A handshake ends with its context, whatever the peer does.
func TestHandshakeIsCancelled(t *testing.T) {
	here, _ := tcp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Server(ctx, here, config)
	assert.ErrorIs(t, err, context.Canceled)
}

// pair returns a Conn of the given side, and its peer.
func pair(t *testing.T, server bool, version uint16) (*Conn, *tls.Conn) {
	t.Helper()
	here, there := tcp(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := config.Clone()
	c.MaxVersion = version
	side, other := Server, tls.Client
	if !server {
		side, other = Client, tls.Server
	}
	peer := other(there, c)
	shaken := make(chan error, 1)
	go func() { shaken <- peer.HandshakeContext(ctx) }()
	ours, err := side(ctx, here, c)
	require.NoError(t, err)
	require.NoError(t, <-shaken)
	return ours, peer
}

func tcp(t *testing.T) (here, there net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	there, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	here, err = ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	return here, there
}

var config = func() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{
		Certificates:       []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		InsecureSkipVerify: true,
	}
}()
