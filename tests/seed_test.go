package tests

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// seedOf returns the seed of a random test: PORTHOLE_SEED, which repeats an earlier run as far as the system's timing lets it; "random"
// is another each time, and without it all runs have the same.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(1)
	switch text := os.Getenv("PORTHOLE_SEED"); text {
	case "":
	case "random":
		seed = rand.Uint64N(1 << 31)
	default:
		var err error
		seed, err = strconv.ParseUint(text, 10, 31)
		require.NoError(t, err)
	}
	t.Logf("PORTHOLE_SEED=%d repeats this", seed)
	return seed
}
