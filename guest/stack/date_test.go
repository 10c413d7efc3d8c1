package stack

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every day from 1970 to 2499, and every second of one.
func TestFormatDate(t *testing.T) {
	check := func(unix int64) {
		var b [29]byte
		formatDate(&b, unix)
		if want := time.Unix(unix, 0).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"); string(b[:]) != want {
			require.Equal(t, want, string(b[:]), unix)
		}
	}
	for day := range int64(365 * 530) {
		check(day*86400 + day%86400)
	}
	for s := range int64(86400) {
		check(20_000*86400 + s)
	}
}
