package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// need returns the path of a program that a test needs. Without it the test is skipped, or fails if peers are required.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, err)
	}
	return path
}

// needModule returns the directory of a module of Node, which .ci/run installs.
func needModule(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("../build/peers/node_modules", name))
	require.NoError(t, err)
	if _, err := os.Stat(dir); err != nil {
		missing(t, err)
	}
	return dir
}

func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("PORTHOLE_REQUIRE_PEERS") != "" {
		t.Fatalf("PORTHOLE_REQUIRE_PEERS is set: %v", err)
	}
	t.Skipf("%v (set PORTHOLE_REQUIRE_PEERS to make that a failure)", err)
}
