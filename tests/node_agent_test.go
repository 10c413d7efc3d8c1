package tests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/subject"
)

func TestNodeAgent(t *testing.T) {
	node := subject.Need(t, "node")
	eachOfOurs(t, func(t *testing.T, f *farm) {
		_, port, _ := strings.Cut(f.server(subject.Options{}).Addr, ":")
		out, _ := command(t, nil, node, "testdata/node/agent.js", port)
		require.Equal(t, "4\n", out, "connections")
	})
}
