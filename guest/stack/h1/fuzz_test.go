package h1

import (
	"bytes"
	"reflect"
	"strconv"
	"testing"

	"github.com/portholehttp/porthole/abi"
)

// FuzzRequest checks on any input that the parser does not panic or leave the buffer (newRunner checks that), that the way the
// input is cut does not matter, and that a head that was accepted says the same when it is written out plainly and read again.
func FuzzRequest(f *testing.F) {
	for _, c := range readCases(f) {
		if !c.setup.response {
			f.Add(c.stream, c.setup.Lenient, uint16(c.setup.MaxHeaderBytes), uint16(10))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, lenient uint32, maxHeaderBytes, cut uint16) {
		l := Limits{MaxHeaderBytes: uint32(maxHeaderBytes), Lenient: lenient}
		checkSplits(t, setup{Limits: l}, stream, min(int(cut), len(stream)))

		var p Parser
		p.InitRequest(l)
		buf := bytes.Clone(stream)
		if step, _ := p.Next(buf); step == HeadDone {
			checkRewrite(t, &p.Head, buf)
		}
	})
}

// FuzzResponse checks the same of responses, and that net/http frames alike what it accepts too.
func FuzzResponse(f *testing.F) {
	for _, c := range readCases(f) {
		if c.setup.response {
			var answers [2]Method
			copy(answers[:], c.setup.answers)
			f.Add(c.stream, c.setup.Lenient, uint16(c.setup.MaxHeaderBytes), uint16(10), uint8(answers[0]), uint8(answers[1]), c.setup.eof)
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, lenient uint32, maxHeaderBytes, cut uint16, first, second uint8, eof bool) {
		s := setup{
			Limits:   Limits{MaxHeaderBytes: uint32(maxHeaderBytes), Lenient: lenient},
			response: true,
			answers:  []Method{Method(first), Method(second)},
			eof:      eof,
		}
		checkSplits(t, s, stream, min(int(cut), len(stream)))
		checkLikeNetHTTP(t, s, stream)

		var p Parser
		p.InitResponse(s.Limits)
		p.Answers(Method(first))
		buf := bytes.Clone(stream)
		if step, _ := p.Next(buf); step == HeadDone {
			checkRewrite(t, &p.Head, buf)
		}
	})
}

func checkRewrite(t *testing.T, h *Head, buf []byte) {
	plain := write(h, buf)
	var q Parser
	if l := (Limits{MaxHeaderBytes: uint32(len(plain)), Lenient: abi.LenientMissingHost}); h.Status > 0 {
		q.InitResponse(l)
		q.Answers(h.Method)
	} else {
		q.InitRequest(l)
	}
	step, n := q.Next(plain)
	if step != HeadDone || n != len(plain) {
		t.Fatalf("%q was written as %q: %v", buf, plain, q.Err)
	}
	if again := write(&q.Head, plain); !bytes.Equal(again, plain) {
		t.Errorf("%q becomes %q", plain, again)
	}
	a, b := *h, q.Head
	for _, c := range []*Head{&a, &b} {
		c.MethodSpan, c.Target, c.Reason, c.Fields, c.Size = Span{}, Span{}, Span{}, nil, 0
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%q: %+v, but %+v when written plainly", buf, a, b)
	}
}

func write(h *Head, buf []byte) []byte {
	text := func(offset, size uint32) []byte { return buf[offset:][:size] }
	var w bytes.Buffer
	version := "HTTP/1." + strconv.Itoa(int(h.Minor))
	if h.Status > 0 {
		w.WriteString(version + " " + strconv.Itoa(int(h.Status)) + " ")
		w.Write(text(h.Reason.Offset, h.Reason.Size))
	} else {
		w.WriteString(h.Method.String() + " ")
		w.Write(text(h.Target.Offset, h.Target.Size))
		w.WriteString(" " + version)
	}
	w.WriteString("\r\n")
	for _, f := range h.Fields {
		w.Write(text(f.NameOffset, f.NameSize))
		w.WriteString(": ")
		w.Write(text(f.ValueOffset, f.ValueSize))
		w.WriteString("\r\n")
	}
	w.WriteString("\r\n")
	return w.Bytes()
}
