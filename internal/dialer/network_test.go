package dialer

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// network is a Network that notes what it is asked, and greets.
type network struct{ asked []string }

func (n *network) DialContext(_ context.Context, network, address string) (net.Conn, error) {
	n.asked = append(n.asked, network+" "+address)
	here, there := net.Pipe()
	go func() {
		_, _ = io.WriteString(there, "hello")
		_ = there.Close()
	}()
	return here, nil
}

// What a guest asks for is judged before another network is asked, an address twice; where a name leads is not known.
func TestNetwork(t *testing.T) {
	n, j := &network{}, &judge{address: notLoopback}
	d := Dialer{Policy: j, Network: n}
	c, err := d.Dial(t.Context(), tcp(t, "name.test:80").record())
	require.NoError(t, err)
	greeted(t, c)
	c, err = d.Dial(t.Context(), tcp(t, "203.0.113.7:80").record())
	require.NoError(t, err)
	greeted(t, c)
	for _, loopback := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:127.0.0.1]:80"} {
		_, err = d.Dial(t.Context(), tcp(t, loopback).record())
		status, _ := Reason(err)
		assert.Equal(t, abi.StatusDenied, status, loopback)
	}
	to := destination{Destination: abi.Destination{Kind: abi.ConnectUnix}, host: "/a/path"}
	j.address = nil
	c, err = d.Dial(t.Context(), to.record())
	require.NoError(t, err)
	greeted(t, c)
	assert.Equal(t, []string{"tcp name.test:80", "tcp 203.0.113.7:80", "unix /a/path"}, n.asked)
	assert.Equal(t, []string{"tcp name.test 80", "tcp 203.0.113.7 80", "tcp4 203.0.113.7:80", "tcp 127.0.0.1 80", "tcp4 127.0.0.1:80",
		"tcp ::1 80", "tcp6 [::1]:80", "tcp ::ffff:127.0.0.1 80", "tcp4 [::ffff:127.0.0.1]:80", "unix /a/path 0", "unix /a/path"}, j.asked)

	j.destination = func(string, string, int) error { return errors.New("no such grant") }
	_, err = d.Dial(t.Context(), tcp(t, "name.test:80").record())
	status, _ := Reason(err)
	assert.Equal(t, abi.StatusDenied, status)
	assert.Len(t, n.asked, 3)
}

func TestNetworkHasNoLocalAddress(t *testing.T) {
	to := tcp(t, "name.test:80")
	to.local = "192.0.2.1"
	_, err := (&Dialer{Network: &network{}}).Dial(t.Context(), to.record())
	status, _ := Reason(err)
	assert.Equal(t, abi.StatusUnsupported, status)
}
