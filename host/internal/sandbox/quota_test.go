package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

// An hour of endless printing leaves no more in the log than the rate allows.
func TestEndlessOutputIsBounded(t *testing.T) {
	const rate = 1000
	for _, line := range []string{"\n", "more of the same\n", strings.Repeat("x", 500) + "\n", strings.Repeat("no end", 1000)} {
		now := time.Unix(1, 0)
		logged := 0
		l := &Lines{
			Line:  func(s string) { logged += len(s) + 100 },
			Quota: &Quota{Rate: rate, Now: func() time.Time { return now }},
		}
		for range 36_000 {
			_, _ = l.Write([]byte(strings.Repeat(line, 4)))
			now = now.Add(100 * time.Millisecond)
		}
		assert.Less(t, logged, rate*(3600+2*16), "%.20q", line)
		assert.Greater(t, logged, rate*3600/4, "%.20q: it may print that much", line)
	}
}

func TestDroppedOutputIsNoted(t *testing.T) {
	now := time.Unix(1, 0)
	var got []string
	quota := &Quota{Rate: 1000, Now: func() time.Time { return now }}
	out := &Lines{Line: func(s string) { got = append(got, "out "+s) }, Quota: quota}
	errs := &Lines{Line: func(s string) { got = append(got, "err "+s) }, Quota: quota}
	line := strings.Repeat("x", 872) // a thousand with what the log adds
	for i := range 20 {
		_, err := fmt.Fprintf(out, "%s\n", line)
		require.NoError(t, err)
		require.Len(t, got, min(i+1, 17))
	}
	assert.Equal(t, "out "+line, got[15], "the last of 16 seconds' worth")
	assert.Equal(t, "out output is dropped: it is more than 1000 bytes per second", got[16])

	debt := time.Duration(len(got[16])-len("out ")+128) * time.Millisecond
	now = now.Add(debt + 999*time.Millisecond)
	_, _ = errs.Write([]byte("short\n"))
	require.Len(t, got, 17, "the quota is one for both, and not yet enough")
	now = now.Add(time.Millisecond)
	_, _ = errs.Write([]byte("short\n"))
	assert.Equal(t, []string{fmt.Sprintf("err %d bytes of output were dropped", 4*872+5), "err short"}, got[17:])
}

func TestOutputHasAQuotaByDefault(t *testing.T) {
	lines := 0
	l := &Lines{Line: func(string) { lines++ }}
	begin := time.Now()
	for range 1_000_000 {
		_, _ = l.Write([]byte("\n"))
	}
	most := DefaultOutputRate / 128 * (16 + 2 + int(time.Since(begin)/time.Second))
	assert.LessOrEqual(t, lines, most)
	assert.GreaterOrEqual(t, lines, DefaultOutputRate/128*16)
}
