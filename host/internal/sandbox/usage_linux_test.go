package sandbox_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/linear"
)

// usage is what the process takes of the machine.
type usage struct {
	resident    int // bytes
	mappings    int // bytes of addresses
	descriptors int
	linear      linear.Usage
}

func use(t *testing.T) usage {
	t.Helper()
	debug.FreeOSMemory()
	statm, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	var mapped, resident int
	_, err = fmt.Sscan(string(statm), &mapped, &resident)
	require.NoError(t, err)
	fds, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return usage{resident * os.Getpagesize(), mapped * os.Getpagesize(), len(fds), linear.InUse()}
}

// requireFlat allows for what Go's runtime does on its own, and the race detector. A page lost at each of a hundred thousand
// resets would be 400 MiB.
func (u usage) requireFlat(t *testing.T, before usage) {
	t.Helper()
	assert.Equal(t, before.descriptors, u.descriptors)
	assert.Equal(t, before.linear, u.linear)
	assert.Less(t, u.resident-before.resident, 64<<20, "resident memory")
	assert.Less(t, u.mappings-before.mappings, 1<<30, "address space")
}
