package netloop

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInboxIsBounded checks that a socket is queued once, however often it is signaled.
func TestInboxIsBounded(t *testing.T) {
	var b inbox
	s := &socket{}
	for range 100 {
		b.signal(s, readable)
		b.signal(s, writable)
	}
	require.Len(t, b.ready, 1)
	require.Equal(t, uint32(readable|writable), s.signals.Load())
}
