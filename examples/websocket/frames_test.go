package main

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"
)

// record writes down what a reader has read.
type record []string

func (r *record) message(op ws.OpCode, payload []byte) {
	kind := map[ws.OpCode]string{ws.OpText: "text ", ws.OpBinary: "binary "}[op]
	*r = append(*r, kind+abridged(payload))
}

func (r *record) ping(payload []byte)  { *r = append(*r, "ping "+abridged(payload)) }
func (r *record) close(payload []byte) { *r = append(*r, "close "+abridged(payload)) }

func abridged(payload []byte) string {
	if len(payload) > 100 {
		return strconv.Itoa(len(payload)) + " bytes"
	}
	return string(payload)
}

// frame is a frame of a client.
func frame(fin bool, op ws.OpCode, payload string) string {
	return string(ws.MustCompileFrame(ws.MaskFrameWith(ws.NewFrame(op, fin, []byte(payload)), [4]byte{1, 2, 3, 4})))
}

func text(payload string) string { return frame(true, ws.OpText, payload) }

// header is that of a masked frame, without its payload.
func header(h ws.Header) string {
	h.Masked = true
	var b bytes.Buffer
	if err := ws.WriteHeader(&b, h); err != nil {
		panic(err)
	}
	return b.String()
}

func TestReader(t *testing.T) {
	long := strings.Repeat("0123456789", 7000)
	for _, test := range []struct {
		name, in string
		want     []string
		failure  ws.StatusCode
	}{
		{name: "text", in: text("hello"), want: []string{"text hello"}},
		{name: "empty", in: text(""), want: []string{"text "}},
		{name: "several", in: text("a") + text("bc") + frame(true, ws.OpBinary, "d"), want: []string{"text a", "text bc", "binary d"}},
		{name: "a length of 16 bits", in: text(long[:300]), want: []string{"text 300 bytes"}},
		{name: "a length of 64 bits", in: text(long), want: []string{"text 70000 bytes"}},
		{name: "fragments", in: frame(false, ws.OpText, "a") + frame(false, ws.OpContinuation, "") + frame(true, ws.OpContinuation, "b") + text("c"),
			want: []string{"text ab", "text c"}},
		{name: "ping between fragments", in: frame(false, ws.OpBinary, "a") + frame(true, ws.OpPing, "p") + frame(true, ws.OpContinuation, "b"),
			want: []string{"ping p", "binary ab"}},
		{name: "pong", in: frame(true, ws.OpPong, "p") + text("a"), want: []string{"text a"}},
		{name: "a character in two fragments", in: frame(false, ws.OpText, "\xc3") + frame(true, ws.OpContinuation, "\xa4"), want: []string{"text ä"}},
		{name: "close", in: frame(true, ws.OpClose, "\x03\xe8bye") + text("a"), want: []string{"close \x03\xe8bye"}},
		{name: "close without a status", in: frame(true, ws.OpClose, ""), want: []string{"close "}},

		{name: "text that is not UTF-8", in: text("\xc3"), failure: 1007},
		{name: "not masked", in: "\x81\x01a", failure: 1002},
		{name: "reserved bit", in: header(ws.Header{Fin: true, Rsv: 4, OpCode: ws.OpText}), failure: 1002},
		{name: "reserved operation", in: frame(true, 3, "a"), failure: 1002},
		{name: "long ping", in: frame(true, ws.OpPing, long[:126]), failure: 1002},
		{name: "ping in fragments", in: frame(false, ws.OpPing, "a"), failure: 1002},
		{name: "continuation of nothing", in: frame(true, ws.OpContinuation, "a"), failure: 1002},
		{name: "message among fragments", in: frame(false, ws.OpText, "a") + text("b"), failure: 1002},
		{name: "length with the highest bit", in: "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04", failure: 1002},
		{name: "too big", in: header(ws.Header{Fin: true, OpCode: ws.OpBinary, Length: maxMessage + 1}), failure: 1009},
		{name: "too big in fragments", in: frame(false, ws.OpText, "a") + header(ws.Header{OpCode: ws.OpContinuation, Length: maxMessage}), failure: 1009},
		{name: "close with half a status", in: frame(true, ws.OpClose, "\x03"), failure: 1002},
		{name: "close with a status that is none", in: frame(true, ws.OpClose, "\x03\xed"), failure: 1002},
		{name: "close with a reason that is not UTF-8", in: frame(true, ws.OpClose, "\x03\xe8\xff"), failure: 1002},
	} {
		t.Run(test.name, func(t *testing.T) {
			check := func(pieces ...string) {
				var got record
				r := newReader(&got)
				var failure *failure
				for _, piece := range pieces {
					if f := r.read([]byte(piece)); f != nil {
						require.Nil(t, failure, "a second one")
						failure = f
					}
				}
				require.Equal(t, test.want, []string(got))
				if test.failure == 0 {
					require.Nil(t, failure)
				} else {
					require.NotNil(t, failure)
					require.Equal(t, test.failure, failure.status)
				}
			}
			check(test.in)
			bytewise := make([]string, len(test.in))
			for i := range bytewise {
				bytewise[i] = test.in[i : i+1]
			}
			check(bytewise...)
			for i := range min(len(test.in), 1000) {
				check(test.in[:i], test.in[i:])
			}
		})
	}
}
