//go:build !wasip1

package http

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

// forgetHeads begins a test without heads that are known.
func forgetHeads() {
	clear(heads[:])
	recent = new(knownHead)
}

// A head gives the same record whether it is known or not.
func TestKnownHeads(t *testing.T) {
	write := func(status int, headers ...Header) func(*ServerRequest, *ServerResponse) {
		return func(_ *ServerRequest, r *ServerResponse) { _ = r.WriteHead(status, headers...); r.EndString("x") }
	}
	handlers := []func(*ServerRequest, *ServerResponse){
		write(200),
		write(404),
		write(204),
		write(200, Header{"A", "1"}),
		write(200, Header{"a", "1"}),
		write(200, Header{"A", "2"}),
		write(200, Header{"A", "1"}, Header{"A", "1"}),
		write(201, Header{"A", "1"}),
		write(200, Header{"Trailer", "Sum"}),
		write(200, Header{"Content-Length", "1"}),
		write(200, manyHeaders(maxKnownFields+1)...),
		write(200, Header{"Long", strings.Repeat("x", maxKnownRecord)}),
		func(_ *ServerRequest, r *ServerResponse) { // one by one
			_ = r.SetHeader("A", "1")
			r.EndString("x")
		},
		func(_ *ServerRequest, r *ServerResponse) { // both
			_ = r.SetHeader("A", "0")
			_ = r.WriteHead(200, Header{"A", "1"})
			r.EndString("x")
		},
		func(_ *ServerRequest, r *ServerResponse) {
			_ = r.WriteHeadReason(200, "Fine", Header{"A", "1"})
			r.EndString("x")
		},
		func(_ *ServerRequest, r *ServerResponse) {
			r.SendDate = false
			_ = r.WriteHead(200, Header{"A", "1"})
			r.EndString("x")
		},
		func(_ *ServerRequest, r *ServerResponse) { // in pieces
			_ = r.WriteHead(200, Header{"A", "1"})
			r.WriteString("x")
			r.End()
		},
		func(_ *ServerRequest, r *ServerResponse) {
			_ = r.WriteHead(200, Header{"A", "1"})
			_ = r.AddTrailers(Header{"Sum", "1"})
			r.EndString("x")
		},
	}
	p := newPort(t)
	var handler func(*ServerRequest, *ServerResponse)
	CreateServer(func(req *ServerRequest, res *ServerResponse) { handler(req, res) })
	answer := func(n int) []string {
		handler = handlers[n]
		request(7, get)
		require.Empty(t, p.Printed)
		return p.Take()
	}
	first := make([][]string, len(handlers))
	for n := range handlers {
		forgetHeads()
		first[n] = answer(n)
	}
	assert.Equal(t, `send 7 HEAD|END 200 {A: 1} "x"`, first[3][0])
	forgetHeads()
	for range 4 { // each known, and thrown out by others of its place
		for n := range handlers {
			for range 3 {
				assert.Equal(t, first[n], answer(n), "%d", n)
			}
		}
	}
}

func manyHeaders(n int) (headers []Header) {
	for i := range n {
		headers = append(headers, Header{fmt.Sprint("H", i), "v"})
	}
	return headers
}

// Strings that are equal are as good as the same ones, and others are not.
func TestKnownHeadsCompareBytes(t *testing.T) {
	forgetHeads()
	p := newPort(t)
	value := "constant"
	CreateServer(func(_ *ServerRequest, r *ServerResponse) {
		assert.NoError(t, r.WriteHead(200, Header{"A", value}))
		r.End()
	})
	request(1, get)
	request(2, get)
	require.NotNil(t, findHead(200, []Header{{"A", "constant"}}))
	require.NotNil(t, findHead(200, []Header{{"A", string([]byte("constant"))}}))
	p.Take()
	value = string([]byte("constanT"))
	request(3, get)
	value = "bad\nvalue"[:3] + "\nxyzw"
	attached[0].onRequest[0] = func(_ *ServerRequest, r *ServerResponse) {
		assert.ErrorContains(t, r.WriteHead(200, Header{"A", value}), "ERR_INVALID_CHAR")
		r.End()
	}
	request(4, get)
	assert.Equal(t, []string{`send 3 HEAD|END 200 {A: constanT} ""`, `send 4 HEAD|END 200 {} ""`}, p.Take())
}

// The fields of a head that was refused can be mended, which does not change what others send.
func TestKnownHeadThatIsRefused(t *testing.T) {
	forgetHeads()
	p := newPort(t)
	plain := func(_ *ServerRequest, r *ServerResponse) {
		_ = r.WriteHead(200, Header{"A", "1"}, Header{"B", "2"})
		r.End()
	}
	CreateServer(plain)
	request(1, get)
	request(2, get)
	p.Take()
	attached[0].onRequest[0] = func(_ *ServerRequest, r *ServerResponse) {
		r.OnError(func(error) {
			assert.NoError(t, r.SetHeader("A", "mended"))
			assert.NoError(t, r.RemoveHeader("B"))
			r.End()
		})
		plain(nil, r)
	}
	p.Answers = []abi.Status{abi.StatusInvalid}
	request(3, get)
	attached[0].onRequest[0] = plain
	request(4, get)
	assert.Equal(t, []string{
		`send 3 HEAD|END 200 {A: 1, B: 2} ""`, `send 3 HEAD|END 200 {A: mended} ""`, `send 4 HEAD|END 200 {A: 1, B: 2} ""`,
	}, p.Take())
}

// Values that change from one response to the next are not remembered, and cost no allocation.
func TestHeadsThatChangeAreNotRemembered(t *testing.T) {
	forgetHeads()
	newPort(t)
	n := 0
	CreateServer(func(_ *ServerRequest, r *ServerResponse) {
		n++
		_ = r.WriteHead(200, Header{"ETag", strings.Repeat("x", 8) + string(rune('a'+n%26))}, Header{"Content-Type", "text/plain"})
		r.End()
	})
	for range 50 {
		request(7, get)
	}
	for i := range heads {
		assert.Nil(t, heads[i].known)
	}
}
