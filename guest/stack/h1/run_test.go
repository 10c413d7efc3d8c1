package h1

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
)

// A runner feeds a parser as a connection would: it keeps what was not consumed, and presents it again with more. It logs what comes
// out with offsets from the start of the stream, so that logs of different splits can be compared.
type runner struct {
	t       testing.TB
	p       Parser
	base    int    // of pending in the stream
	pending []byte // not consumed
	log     []string
	body    int // where a piece of body that goes on would begin; -1
	setup   setup
	answers []Method // still to be given to the parser
	onStep  func(step Step, n int)
}

func newRunner(t testing.TB, s setup) *runner {
	r := &runner{t: t}
	r.init(s)
	return r
}

// init begins another stream, on the parser that is there.
func (r *runner) init(s setup) {
	*r = runner{t: r.t, p: r.p, body: -1, setup: s, answers: s.answers}
	if s.response {
		r.p.InitResponse(s.Limits)
		r.answer()
	} else {
		r.p.InitRequest(s.Limits)
	}
}

// answer says which request the next final response answers.
func (r *runner) answer() {
	if len(r.answers) > 0 {
		r.p.Answers(r.answers[0])
		r.answers = r.answers[1:]
	}
}

// feed appends to the stream.
func (r *runner) feed(b []byte) {
	// A new array of exactly the right size each time: a parser that kept the old one, or looks beyond the end, is found out.
	old := r.pending
	r.pending = slices.Concat(old, b)
	r.pending = r.pending[:len(r.pending):len(r.pending)]
	for i := range old {
		old[i] = '!'
	}
	most := 2*len(r.pending) + 4
	for calls := 0; ; calls++ {
		if calls > most {
			r.t.Fatalf("no end of steps for %q", r.pending)
		}
		step, n := r.p.Next(r.pending)
		if n < 0 || n > len(r.pending) {
			r.t.Fatalf("consumed %d of %d bytes", n, len(r.pending))
		}
		r.step(step, n)
		if r.onStep != nil {
			r.onStep(step, n)
		}
		r.base += n
		r.pending = r.pending[n:]
		if step == NeedMore || step == Failed {
			return
		}
	}
}

func (r *runner) add(words ...string) { r.log = append(r.log, strings.Join(words, " ")) }

func (r *runner) step(step Step, n int) {
	p := &r.p
	switch step {
	case HeadDone:
		h := &p.Head
		if h.Size != n {
			r.t.Fatalf("Size %d, consumed %d", h.Size, n)
		}
		words := []string{"head", r.at(h.MethodSpan.Offset)}
		if r.setup.response {
			words = append(words, strconv.Itoa(int(h.Status)))
			if h.Method != 0 {
				words = append(words, "to", h.Method.String())
			}
		} else {
			words = append(words, h.Method.String(), r.text(h.MethodSpan))
		}
		words = append(words, "HTTP/1."+strconv.Itoa(int(h.Minor)))
		for _, flag := range []struct {
			set  bool
			name string
		}{
			{h.KeepAlive, "keep-alive"}, {h.HasBody, "body"}, {h.Chunked, "chunked"}, {h.ToEOF, "to-eof"}, {h.Upgrade, "upgrade"},
			{h.ExpectContinue, "expect-continue"}, {h.ExpectOther, "expect-other"},
		} {
			if flag.set {
				words = append(words, flag.name)
			}
		}
		words = append(words, "length="+strconv.FormatInt(h.ContentLength, 10), "to="+r.at(uint32(h.Size)))
		r.add(words...)
		if r.setup.response {
			r.add("reason", r.at(h.Reason.Offset), r.text(h.Reason))
		} else {
			r.add("target", r.at(h.Target.Offset), r.text(h.Target))
		}
		r.fields("field", h.Fields)
	case BodyPiece:
		if len(p.Body) == 0 {
			r.t.Fatal("a piece of nothing")
		}
		from := r.base + n - len(p.Body)
		if !bytes.Equal(p.Body, r.pending[n-len(p.Body):n]) {
			r.t.Fatal("a piece that is not at the end of what was consumed")
		}
		text := quote(p.Body)
		if from == r.body {
			last := &r.log[len(r.log)-1]
			*last = strings.TrimSuffix(*last, `"`) + text[1:]
		} else {
			r.add("body", strconv.Itoa(from), text)
		}
		r.body = from + len(p.Body)
	case MessageDone:
		r.fields("trailer", p.Trailers)
		r.add("done", strconv.Itoa(r.base+n))
		r.body = -1
		if p.Head.Status >= 200 {
			r.answer()
		}
	case Failed:
		if again, n := p.Next(r.pending); again != Failed || n != 0 || p.Err == nil {
			r.t.Fatal("the error does not stick")
		}
		e := p.Err
		r.add("fail", strconv.FormatInt(e.Offset, 10), strconv.Itoa(e.Code.Status()), e.Code.Name(), "("+e.Code.String()+")")
	}
}

func (r *runner) fields(word string, fields []abi.Field) {
	for _, f := range fields {
		r.add(word, r.at(f.NameOffset), r.text(Span{f.NameOffset, f.NameSize}), r.at(f.ValueOffset), r.text(Span{f.ValueOffset, f.ValueSize}))
	}
}

func (r *runner) at(offset uint32) string { return strconv.Itoa(r.base + int(offset)) }

func (r *runner) text(s Span) string {
	if uint64(s.Offset)+uint64(s.Size) > uint64(len(r.pending)) {
		r.t.Fatalf("span %v leaves the %d bytes of the buffer", s, len(r.pending))
	}
	return quote(r.pending[s.Offset:][:s.Size])
}

// end returns the whole log, with what the parser is in the middle of.
func (r *runner) end() string {
	if r.setup.eof && r.p.Err == nil {
		if err := r.p.EOF(); err != r.p.Err {
			r.t.Fatalf("EOF returns %v, Err is %v", err, r.p.Err)
		}
		r.feed(nil)
	}
	switch {
	case r.p.Err != nil:
	case r.p.Idle():
		r.add("idle")
	default:
		r.add("unfinished")
	}
	return strings.Join(r.log, "\n") + "\n"
}

// logOf feeds the stream cut at the given offsets, in ascending order.
func logOf(t testing.TB, s setup, stream []byte, cuts ...int) string {
	r := newRunner(t, s)
	from := 0
	for _, cut := range append(cuts, len(stream)) {
		r.feed(stream[from:cut])
		if r.p.Err != nil {
			break
		}
		from = cut
	}
	return r.end()
}

// everyByte returns the cuts that make pieces of one byte.
func everyByte(stream []byte) []int {
	var cuts []int
	for i := 1; i < len(stream); i++ {
		cuts = append(cuts, i)
	}
	return cuts
}

// quote is as strconv.Quote, but byte by byte: that several make a character does not matter on the wire.
func quote(b []byte) string {
	var text strings.Builder
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			text.WriteByte('\\')
			text.WriteByte(c)
		case c >= ' ' && c < 0x7F:
			text.WriteByte(c)
		default:
			const hex = "0123456789abcdef"
			text.WriteString(`\x`)
			text.WriteByte(hex[c>>4])
			text.WriteByte(hex[c&15])
		}
	}
	return `"` + text.String() + `"`
}
