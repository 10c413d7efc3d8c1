package sandbox_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	for _, test := range []struct {
		name, input string
		want        []string
	}{
		{"nothing", "", nil},
		{"a line", "one\n", []string{"one"}},
		{"several", "one\ntwo\r\n\nfour", []string{"one", "two", "", "four"}},
		{"longest", long + "\n", []string{long}},
		{"too long", long + "yz\nnext\n", []string{long, "yz", "next"}},
		{"much too long", long + long + long, []string{long, long, long}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, step := range []int{1, 2, 7, MaxLine, 1 << 20} {
				var got []string
				l := &Lines{Line: func(s string) { got = append(got, s) }}
				for rest := test.input; rest != ""; {
					n := min(step, len(rest))
					written, err := l.Write([]byte(rest[:n]))
					require.NoError(t, err)
					require.Equal(t, n, written)
					rest = rest[n:]
				}
				l.Flush()
				l.Flush()
				assert.Equal(t, test.want, got, "in steps of %d", step)
			}
		})
	}
}
