package instrument_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/instrument"
)

// What is made of these modules changes only with the version. If this fails increase Version, and set the hash to the one that it says.
func TestVersion(t *testing.T) {
	h := sha256.New()
	for _, name := range []string{"compute", "depth", "libc", "state"} {
		wasm, err := os.ReadFile("testdata/" + name + ".wasm")
		require.NoError(t, err)
		m, err := instrument.Rewrite(wasm, instrument.Config{Meter: true, CallDepth: 100, MemoryPages: 100, TableElements: 100})
		require.NoError(t, err)
		h.Write(m.Wasm)
	}
	assert.Equal(t, 1, instrument.Version)
	assert.Equal(t, "0adf902fc85439b6", hex.EncodeToString(h.Sum(nil)[:8]))
}
