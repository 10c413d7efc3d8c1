//go:build linux

package load

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCountedAnswersEndWithTheirLastByteHoweverTheyAreSplit(t *testing.T) {
	const depth = 3
	batch := strings.Repeat(sized, depth)
	for size := 1; size <= len(batch); size++ {
		var c counted
		for range 2 { // the second batch begins anew
			for at := 0; at < len(batch); at += size {
				end := min(at+size, len(batch))
				whole, err := c.feed([]byte(batch[at:end]), depth, 5)
				require.NoError(t, err, "pieces of %d", size)
				require.Equal(t, end == len(batch), whole, "pieces of %d", size)
			}
		}
	}
}

func TestCountedAnswersThatAreNot(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		want   error
	}{
		"another status":        {"HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nhello", ErrStatus},
		"another body":          {empty, ErrBody},
		"chunked":               {chunked, ErrBody},
		"more than was asked":   {sized + sized + "H", errFraming},
		"a head without an end": {strings.Repeat("x", mostLine+1), errFraming},
	} {
		var c counted
		var err error
		for i := range len(test.answer) {
			if _, err = c.feed([]byte{test.answer[i]}, 2, 5); err != nil {
				break
			}
		}
		if name == "more than was asked" { // in one piece, as it is over otherwise
			_, err = new(counted).feed([]byte(test.answer), 2, 5)
		}
		assert.ErrorIs(t, err, test.want, name)
	}
}

func TestCountedLoad(t *testing.T) {
	const depth = 16
	o := options(serve(t, answering(len(request), sized)))
	o.Requests, o.Depth, o.Counted = [][]byte{[]byte(strings.Repeat(request, depth))}, depth, true
	o.Nap = time.Millisecond
	r, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.Positive(t, r.Requests)
	assert.Equal(t, r.Latency.TotalCount()*depth, r.Requests)
	assert.Zero(t, r.Unanswered)

	o = options(serve(t, answering(len(request), sized+empty)))
	o.Counted = true
	_, err = Run(context.Background(), o)
	assert.ErrorIs(t, err, errFraming)
}
