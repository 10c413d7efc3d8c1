package h1

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/portholehttp/porthole/abi"
)

// FuzzRequest checks on any input that the parser does not panic or leave the buffer (newRunner checks that), that the way the
// input is cut does not matter, and that a head that was accepted says the same when it is written out plainly and read again.
func FuzzRequest(f *testing.F) {
	for _, c := range readCases(f) {
		f.Add(c.stream, c.limits.Lenient, uint16(c.limits.MaxHeaderBytes), uint16(10))
	}
	f.Fuzz(func(t *testing.T, stream []byte, lenient uint32, maxHeaderBytes, cut uint16) {
		l := Limits{MaxHeaderBytes: uint32(maxHeaderBytes), Lenient: lenient}
		checkSplits(t, l, stream, min(int(cut), len(stream)))

		var p Parser
		p.InitRequest(l)
		buf := bytes.Clone(stream)
		if step, _ := p.Next(buf); step == HeadDone {
			checkRewrite(t, &p.Head, buf)
		}
	})
}

func checkRewrite(t *testing.T, h *Head, buf []byte) {
	plain := write(h, buf)
	var q Parser
	q.InitRequest(Limits{MaxHeaderBytes: uint32(len(plain)), Lenient: abi.LenientMissingHost})
	step, n := q.Next(plain)
	if step != HeadDone || n != len(plain) {
		t.Fatalf("%q was written as %q: %v", buf, plain, q.Err)
	}
	if again := write(&q.Head, plain); !bytes.Equal(again, plain) {
		t.Errorf("%q becomes %q", plain, again)
	}
	a, b := *h, q.Head
	for _, c := range []*Head{&a, &b} {
		c.MethodSpan, c.Target, c.Fields, c.Size = Span{}, Span{}, nil, 0
	}
	if a.Method != b.Method || a.Minor != b.Minor || a.ContentLength != b.ContentLength || a.HasBody != b.HasBody || a.Chunked != b.Chunked ||
		a.KeepAlive != b.KeepAlive || a.Upgrade != b.Upgrade || a.ExpectContinue != b.ExpectContinue || a.ExpectOther != b.ExpectOther {
		t.Errorf("%q: %+v, but %+v when written plainly", buf, a, b)
	}
}

func write(h *Head, buf []byte) []byte {
	text := func(offset, size uint32) []byte { return buf[offset:][:size] }
	var w bytes.Buffer
	w.WriteString(h.Method.String())
	w.WriteByte(' ')
	w.Write(text(h.Target.Offset, h.Target.Size))
	w.WriteString(" HTTP/1." + strconv.Itoa(int(h.Minor)) + "\r\n")
	for _, f := range h.Fields {
		w.Write(text(f.NameOffset, f.NameSize))
		w.WriteString(": ")
		w.Write(text(f.ValueOffset, f.ValueSize))
		w.WriteString("\r\n")
	}
	w.WriteString("\r\n")
	return w.Bytes()
}
