//go:build linux

package load

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	sized   = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
	empty   = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
	chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
)

func TestResponsesAreCountedHoweverTheyAreSplit(t *testing.T) {
	stream := sized + sized + empty + chunked + sized + chunked + chunked + empty
	for size := 1; size <= len(stream); size++ {
		var r responses
		ended := 0
		for at := 0; at < len(stream); at += size {
			n, err := r.feed([]byte(stream[at:min(at+size, len(stream))]))
			require.NoError(t, err, "pieces of %d", size)
			ended += n
		}
		assert.Equal(t, 8, ended, "pieces of %d", size)
		assert.Equal(t, int64(3*5+3*15), r.bodyBytes, "pieces of %d", size)
	}
}

func TestResponseEndsWithItsLastByte(t *testing.T) {
	for _, response := range []string{sized, empty, chunked} {
		var r responses
		for i := range len(response) {
			ended, err := r.feed([]byte{response[i]})
			require.NoError(t, err)
			assert.Equal(t, i == len(response)-1, ended == 1, "byte %d of %q", i, response)
		}
	}
}

func TestHeadThatIsKnownIsNotTakenForALongerOne(t *testing.T) {
	var r responses
	for _, response := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
		"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
	} {
		ended, err := r.feed([]byte(response))
		require.NoError(t, err)
		assert.Equal(t, 1, ended)
	}
}

func TestResponsesThatFail(t *testing.T) {
	for name, test := range map[string]struct {
		stream string
		is     error
	}{
		"status":           {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", ErrStatus},
		"no framing":       {"HTTP/1.1 200 OK\r\n\r\n", errFraming},
		"length":           {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", errFraming},
		"chunk size":       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", errFraming},
		"end of chunk":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naa\r\n", errFraming},
		"body of a second": {sized + "hello" + sized, ErrStatus},
	} {
		t.Run(name, func(t *testing.T) {
			var r responses
			_, err := r.feed([]byte(test.stream))
			assert.ErrorIs(t, err, test.is)
		})
	}
}

func TestHeadHasAnEnd(t *testing.T) {
	var r responses
	_, err := r.feed(make([]byte, mostLine+1))
	assert.ErrorIs(t, err, errFraming)
}

func TestResponsesAreReadWithoutAllocation(t *testing.T) {
	var r responses
	stream := []byte(sized)
	allocations := testing.AllocsPerRun(100, func() {
		if ended, err := r.feed(stream); ended != 1 || err != nil {
			t.Fatal(ended, err)
		}
	})
	assert.Zero(t, allocations)
}
