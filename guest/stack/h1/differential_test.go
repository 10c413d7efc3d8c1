package h1

import (
	"bufio"
	"bytes"
	"io"
	nethttp "net/http"
	"slices"
	"testing"

	"github.com/portholehttp/porthole/abi"
)

// TestLikeNetHTTP compares how the responses of the conformance cases are framed with what net/http makes of them.
func TestLikeNetHTTP(t *testing.T) {
	compared := 0
	for _, c := range readCases(t) {
		if c.setup.response {
			compared += checkLikeNetHTTP(t, c.setup, c.stream)
		}
	}
	if compared < 100 {
		t.Errorf("only %d responses were compared", compared)
	}
}

// checkLikeNetHTTP fails if net/http sees another end or body of a response that is complete here, or another verdict on the
// connection. It returns how many it has compared.
//
// What it refuses does not count. There are two differences:
//
//   - It reads 2xx to CONNECT like any other response, and leaves it to its caller to know better.
//   - It takes "Content-Length : 5" for some other field than Content-Length, which is the attack that LenientHeaderNames opens.
func checkLikeNetHTTP(t testing.TB, s setup, stream []byte) (compared int) {
	s.Lenient &^= abi.LenientHeaderNames
	r := newRunner(t, s)
	var response struct {
		head   Head
		offset int // of the head's text in stream
		body   []byte
	}
	r.onStep = func(step Step, n int) {
		switch step {
		case HeadDone:
			response.head = r.p.Head
			response.offset = r.base + int(r.p.Head.MethodSpan.Offset)
			response.body = nil
		case BodyPiece:
			response.body = append(response.body, r.p.Body...)
		case MessageDone:
			h := &response.head
			if h.tunnel() {
				return
			}
			text := bytes.NewReader(stream[response.offset:])
			buffered := bufio.NewReader(text)
			theirs, err := nethttp.ReadResponse(buffered, &nethttp.Request{Method: h.Method.String()})
			if err != nil {
				return
			}
			body, err := io.ReadAll(theirs.Body)
			if err != nil {
				return
			}
			compared++
			size, want := r.base+n-response.offset, int(text.Size())-text.Len()-buffered.Buffered()
			if size != want || !bytes.Equal(body, response.body) || int(h.Status) != theirs.StatusCode || h.KeepAlive == theirs.Close {
				t.Errorf("%+v %q at %d: %+v: %d bytes, body %q; net/http has %d, %d bytes, body %q, close %v",
					s, stream, response.offset, *h, size, response.body, theirs.StatusCode, want, body, theirs.Close)
			}
		}
	}
	r.feed(slices.Clone(stream)) // which folds may change
	r.end()
	return compared
}
