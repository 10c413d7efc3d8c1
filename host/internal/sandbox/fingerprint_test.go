package sandbox

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFingerprint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	of := func(b []byte) fingerprint {
		require.NoError(t, os.WriteFile(path, b, 0o600))
		f, err := takeFingerprint(path)
		require.NoError(t, err)
		return f
	}
	const whole = fingerprintHead + fingerprintTail
	for _, size := range []int{0, 1, fingerprintHead, fingerprintHead + 1, whole, whole + 1, 3 * whole} {
		b := make([]byte, size)
		want := of(b)
		assert.EqualValues(t, size, want.Size)
		assert.Equal(t, want, of(b))
		assert.NotEqual(t, want, of(append(b, 0)))
		for _, at := range []int{0, fingerprintHead - 1, size - fingerprintTail, size - 1} {
			if at < 0 || at >= size {
				continue
			}
			b[at]++
			assert.NotEqual(t, want, of(b), "byte %d of %d", at, size)
			b[at]--
		}
	}
	_, err := takeFingerprint(path + "-not-there")
	assert.ErrorIs(t, err, os.ErrNotExist)
}
