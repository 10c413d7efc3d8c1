package h1

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
)

const (
	smallRequest  = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	smallResponse = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" // and a byte, unless to HEAD
)

func TestZeroLimitsAreTheDefaults(t *testing.T) {
	var p Parser
	p.InitRequest(Limits{})
	if p.limits.MaxHeaderBytes != 16<<10 || p.limits.MaxChunkExtensions != 16<<10 || p.limits.MaxHeadersCount != math.MaxUint32 {
		t.Error(p.limits)
	}
}

// TestNextWithoutInput drives a parser as a connection does after the last byte has come.
func TestNextWithoutInput(t *testing.T) {
	var p Parser
	p.InitRequest(Limits{})
	want := func(buf string, step Step, n int) {
		t.Helper()
		if gotStep, gotN := p.Next([]byte(buf)); gotStep != step || gotN != n {
			t.Fatalf("Next(%q) = %d, %d; want %d, %d", buf, gotStep, gotN, step, n)
		}
	}
	want("", NeedMore, 0)
	want(smallRequest, HeadDone, len(smallRequest))
	if p.Idle() {
		t.Error("idle before MessageDone")
	}
	want("", MessageDone, 0)
	want("", NeedMore, 0)
	want("\r\n", NeedMore, 2)
	if !p.Idle() || p.EOF() != nil {
		t.Error("not idle after empty lines")
	}
	want("G", NeedMore, 0)
	if p.Idle() {
		t.Error("idle in a method")
	}
}

// TestNextToEOF does so with a body that ends with the stream.
func TestNextToEOF(t *testing.T) {
	for _, body := range []string{"", "body"} {
		var p Parser
		p.InitResponse(Limits{})
		head := "HTTP/1.1 200 OK\r\n\r\n"
		if step, n := p.Next([]byte(head + body)); step != HeadDone || n != len(head) || !p.Head.ToEOF {
			t.Fatal(step, n, p.Head)
		}
		if body != "" {
			if step, n := p.Next([]byte(body)); step != BodyPiece || n != len(body) {
				t.Fatal(step, n)
			}
		}
		if step, n := p.Next(nil); step != NeedMore || n != 0 || p.Idle() {
			t.Fatal(step, n)
		}
		for range 2 {
			if err := p.EOF(); err != nil || p.Idle() {
				t.Fatal(err)
			}
		}
		if step, n := p.Next(nil); step != MessageDone || n != 0 {
			t.Fatal(step, n)
		}
		if step, n := p.Next(nil); step != NeedMore || n != 0 || !p.Idle() || p.EOF() != nil {
			t.Fatal(step, n, p.Err)
		}
	}
}

// TestAnswersInTime calls Answers for the second of two responses at the earliest and at the latest.
func TestAnswersInTime(t *testing.T) {
	for _, early := range []bool{false, true} {
		var p Parser
		p.InitResponse(Limits{})
		p.Answers(MethodGet)
		rest := []byte(smallResponse + "x" + smallResponse)
		for _, want := range []struct {
			step   Step
			method Method
		}{
			{HeadDone, MethodGet}, {BodyPiece, MethodGet}, {MessageDone, MethodGet},
			{HeadDone, MethodHead}, {MessageDone, MethodHead}, {NeedMore, MethodHead},
		} {
			step, n := p.Next(rest)
			rest = rest[n:]
			if step != want.step || p.Head.Method != want.method {
				t.Fatalf("early %v: %d to %v, want %d to %v", early, step, p.Head.Method, want.step, want.method)
			}
			if p.Head.Method == MethodGet && (early && step == HeadDone || !early && step == MessageDone) {
				p.Answers(MethodHead)
			}
		}
	}
}

func TestAnswersIsNothingToRequests(t *testing.T) {
	var p Parser
	p.InitRequest(Limits{})
	p.Answers(MethodConnect)
	parseAll(t, &p, []byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"))
	if p.Head.Method != MethodPost || !p.Head.HasBody {
		t.Error(p.Head)
	}
}

func TestUnconsumedHeadIsPresentedAgain(t *testing.T) {
	var p Parser
	p.InitRequest(Limits{})
	stream := "\r\n" + smallRequest
	if step, n := p.Next([]byte(stream[:10])); step != NeedMore || n != 2 {
		t.Fatal(step, n)
	}
	for end := 11; end < len(stream); end++ {
		if step, n := p.Next([]byte(stream[2:end])); step != NeedMore || n != 0 {
			t.Fatal(step, n)
		}
	}
	if step, n := p.Next([]byte(stream[2:] + "more")); step != HeadDone || n != len(smallRequest) || p.Head.Fields[0].ValueOffset != 22 {
		t.Fatal(step, n, p.Head)
	}
}

func TestEOF(t *testing.T) {
	chunked := "\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n"
	testEOF(t, (*Parser).InitRequest, "POST / HTTP/1.1"+chunked)
	testEOF(t, (*Parser).InitResponse, "HTTP/1.1 200 OK"+chunked)
}

// testEOF ends the stream at every byte of a message.
func testEOF(t *testing.T, init func(*Parser, Limits), chunked string) {
	for end := range len(chunked) + 1 {
		var p Parser
		init(&p, Limits{})
		for b := []byte(chunked[:end]); ; {
			step, n := p.Next(b)
			b = b[n:]
			if step == NeedMore {
				break
			}
		}
		err := p.EOF()
		if end == 0 || end == len(chunked) {
			if err != nil {
				t.Errorf("after %d bytes: %v", end, err)
			}
			continue
		}
		if err == nil || err.Code != CodeUnexpectedEOF || err.Offset != int64(end) {
			t.Errorf("after %d bytes: %v", end, err)
		}
		if step, n := p.Next([]byte("x")); step != Failed || n != 0 || p.Err != err || p.EOF() != err {
			t.Errorf("after %d bytes: the error does not stick", end)
		}
	}
}

func TestEOFKeepsAnEarlierError(t *testing.T) {
	var p Parser
	p.InitRequest(Limits{})
	p.Next([]byte("BAD"))
	if err := p.EOF(); err == nil || err.Code != CodeInvalidMethod || err.Error() != "invalid method at byte 0" {
		t.Error(err)
	}
}

// TestInitForgets runs each conformance case on a parser that has seen all the others.
func TestInitForgets(t *testing.T) {
	r := newRunner(t, setup{})
	for _, c := range readCases(t) {
		r.init(c.setup)
		r.feed(c.stream)
		if got := r.end(); got != c.log {
			t.Errorf("%s: %s: got\n%swant\n%s", c.file, c.title, got, c.log)
		}
	}
}

// TestBytesAreScannedOnce feeds a message byte by byte and destroys all that was fed before each call. Elements that need
// no second look come out as if nothing had happened: so the work is linear. The others, which are those that
// fieldKindOf knows and absolute targets, are looked at once more when they end.
func TestBytesAreScannedOnce(t *testing.T) {
	head := "PROPPATCH /" + strings.Repeat("t", 300) + " HTTP/1.0\r\n" +
		strings.Repeat("N", 300) + ": \t" + strings.Repeat("v ", 300) + "v\r\n" + "Empty:\r\n" + "Last: w\r\n\r\n"
	testScannedOnce(t, setup{}, head)
	_, fields, _ := strings.Cut(head, "\r\n")
	testScannedOnce(t, setup{response: true}, "HTTP/1.0 204 "+strings.Repeat("r ", 300)+"\r\n"+fields)
	testScannedOnce(t, setup{response: true}, "HTTP/1.1 204\r\n"+fields)
}

func testScannedOnce(t *testing.T, s setup, head string) {
	want := newRunner(t, s)
	want.feed([]byte(head))

	p := newRunner(t, s).p
	for n := range len(head) {
		buf := []byte(strings.Repeat("\x00", n) + head[n:n+1])
		step, used := p.Next(buf)
		switch {
		case n < len(head)-1 && (step != NeedMore || used != 0):
			t.Fatalf("byte %d: %d, %d: %v", n, step, used, p.Err)
		case n < len(head)-1 && p.pos != uint(n+1):
			t.Fatalf("byte %d: scanned up to %d", n, p.pos)
		case n == len(head)-1 && step != HeadDone:
			t.Fatalf("at the end: %d: %v", step, p.Err)
		}
	}
	if !reflect.DeepEqual(p.Head, want.p.Head) {
		t.Errorf("got %v, want %v", p.Head, want.p.Head)
	}
}

// TestFoldsAreLinear does the same with folds: of what came before, they look at the white space in front of them only.
func TestFoldsAreLinear(t *testing.T) {
	head := "GET / HTTP/1.0\r\nA: b" + strings.Repeat("\r\n ", 200) + "\r\n\r\n"
	var p Parser
	p.InitRequest(Limits{Lenient: abi.LenientObsFold})
	kept := make([]byte, 0, len(head))
	for n := range len(head) {
		kept = append(kept, head[n])
		for i := range kept[:max(0, n-6)] {
			kept[i] = 'x'
		}
		if step, _ := p.Next(kept); n < len(head)-1 && step != NeedMore || n == len(head)-1 && step != HeadDone {
			t.Fatalf("byte %d: %d: %v", n, step, p.Err)
		}
	}
	if strings.ContainsAny(string(kept[:len(head)-6]), "\r\n") {
		t.Errorf("folds are left in %q", kept)
	}
}

func TestFoldIsOverwritten(t *testing.T) {
	buf := []byte("GET / HTTP/1.0\r\nA: b \t\r\n\t c\r\n\r\n")
	var p Parser
	p.InitRequest(Limits{Lenient: abi.LenientObsFold})
	if step, _ := p.Next(buf); step != HeadDone {
		t.Fatal(p.Err)
	}
	if want := "GET / HTTP/1.0\r\nA: b      c\r\n\r\n"; string(buf) != want {
		t.Errorf("%q", buf)
	}
}

func TestBodyCannotBeAppendedTo(t *testing.T) {
	var p Parser
	p.InitRequest(Limits{})
	buf := []byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nbGET")
	_, n := p.Next(buf)
	if step, _ := p.Next(buf[n:]); step != BodyPiece || cap(p.Body) != 1 {
		t.Errorf("%d: %d bytes may be written behind the body", step, cap(p.Body)-1)
	}
}

// TestMutations changes valid and invalid messages at random, and compares the whole with pieces, and with net/http.
func TestMutations(t *testing.T) {
	cases := readCases(t)
	random := rand.New(rand.NewPCG(3, 4))
	interesting := []byte("\r\n\t :,;=\"\\/?#@[]%0159afAGHPx*-_\x00\x0b\x7f\x80\xff")
	for range 30000 {
		c := cases[random.IntN(len(cases))]
		stream := slices.Clone(c.stream)
		for range 1 + random.IntN(3) {
			at := random.IntN(len(stream) + 1)
			b := interesting[random.IntN(len(interesting))]
			switch random.IntN(4) {
			case 0:
				stream = slices.Insert(stream, at, b)
			case 1:
				if at < len(stream) {
					stream = slices.Delete(stream, at, at+1)
				}
			case 2:
				if at < len(stream) {
					stream[at] = b
				}
			case 3:
				if at < len(stream) {
					stream[at] ^= 1 << random.IntN(8)
				}
			}
		}
		s := c.setup
		if random.IntN(2) == 0 {
			s.Lenient = random.Uint32N(16)
		}
		s.eof = random.IntN(2) == 0
		checkSplits(t, s, stream, random.IntN(len(stream)+1))
		if s.response {
			checkLikeNetHTTP(t, s, stream)
		}
	}
}

// checkSplits fails unless all ways to cut a stream give the same log.
func checkSplits(t testing.TB, s setup, stream []byte, cut int) (log string) {
	want := logOf(t, s, stream)
	if got := logOf(t, s, stream, everyByte(stream)...); got != want {
		t.Fatalf("%+v %q\nbyte by byte\n%swhole\n%s", s, stream, got, want)
	}
	if got := logOf(t, s, stream, cut); got != want {
		t.Fatalf("%+v %q\ncut at %d\n%swhole\n%s", s, stream, cut, got, want)
	}
	return want
}

func TestCodes(t *testing.T) {
	for c := CodeInvalidMethod; c <= CodeUnexpectedEOF; c++ {
		if !strings.HasPrefix(c.Name(), "HPE_") || c.String() == "" || c.Status() == 0 != (c == CodeHTTP2Preface) {
			t.Errorf("code %d: %q, %q, %d", c, c.Name(), c.String(), c.Status())
		}
	}
	for _, c := range []Code{0, CodeUnexpectedEOF + 1} {
		if c.Name() != "" || c.String() != "" || c.Status() != 0 {
			t.Errorf("code %d is none", c)
		}
	}
}

// TestCodesAreReached checks that the conformance cases have an example of each code that input can cause.
func TestCodesAreReached(t *testing.T) {
	seen := map[string]bool{CodeUnexpectedEOF.String(): true}
	for _, c := range readCases(t) {
		if _, text, ok := strings.Cut(c.log, "("); ok {
			seen[strings.TrimSuffix(text, ")\n")] = true
		}
	}
	for c := CodeInvalidMethod; c <= CodeUnexpectedEOF; c++ {
		if !seen[c.String()] {
			t.Errorf("no case of %v", c)
		}
	}
}
