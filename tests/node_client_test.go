package tests

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/subject"
)

// Node's client where a connection leaves HTTP or breaks. All else is in TestNodeAgent.
func TestNodeTakeovers(t *testing.T) {
	node := subject.Need(t, "node")
	eachOfOurs(t, func(t *testing.T, f *farm) {
		addr, key := f.server(subject.Options{Takeovers: true}).Addr, newKey()
		out, _ := command(t, nil, node, "testdata/node/takeover.js", portOf(addr), key)
		require.Equal(t, "done\n", out)
		await(t, addr, key+"-download", "response+closed")
		await(t, addr, key+"-upload", "request+closed")
	})
}
