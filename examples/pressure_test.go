package examples

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soon is when who takes nothing is taken to have stopped. A slow machine may make that too early, never too late.
func soon() time.Time { return time.Now().Add(300 * time.Millisecond) }

// fill writes until nothing more is taken, or limit bytes are written, and returns how many were. write has a deadline.
func fill(t *testing.T, limit int, write func([]byte) (int, error)) (written int) {
	t.Helper()
	piece := bytes.Repeat([]byte("x"), 1<<20)
	for written < limit {
		n, err := write(piece[:min(len(piece), limit-written)])
		written += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return written
		}
		require.NoError(t, err)
	}
	return written
}
