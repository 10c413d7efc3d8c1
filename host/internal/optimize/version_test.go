package optimize_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/optimize"
)

// What is made of these modules changes only with the version. If this fails increase Version, and set the hash to the one that it says.
func TestVersion(t *testing.T) {
	compute, err := os.ReadFile("../instrument/testdata/compute.wasm")
	require.NoError(t, err)
	h := sha256.New()
	for _, wasm := range [][]byte{file(t, "dispatch.wasm"), file(t, "frame.wasm"), goLinked(file(t, "frame.wasm")), compute} {
		h.Write(rewrite(wasm))
	}
	assert.Equal(t, 2, optimize.Version)
	assert.Equal(t, "cb0938dad64c0199", hex.EncodeToString(h.Sum(nil)[:8]))
}
