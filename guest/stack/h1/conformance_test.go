package h1

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
)

var update = flag.Bool("update", false, "rewrite the logs in testdata/*.md; read the difference before you believe it")

// A conformance case is a section of a Markdown file in testdata:
//
//	## Title
//
//	```http max-header-bytes=100 lenient=bare-lf,obs-fold eof
//	GET / HTTP/1.1\r\n
//	\r\n
//	```
//
//	```log
//	fail 16 400 HPE_INVALID_HOST (missing Host)
//	```
//
// The lines of the http block are joined; its escapes are those of Go strings. A log line has offsets from the start of the
// stream; that of an error counts from the start of the message. The words after http are the setup.
type conformanceCase struct {
	file, title string
	setup       setup
	stream      []byte
	log         string
}

// A setup is what is told to a parser besides the stream.
type setup struct {
	Limits
	response bool     // the stream is a server's
	answers  []Method // of the requests that the final responses answer, in order: answers=HEAD,GET
	eof      bool     // the stream ends
}

func readCases(t testing.TB) []conformanceCase {
	files, err := filepath.Glob("testdata/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	var cases []conformanceCase
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for section := range strings.SplitSeq("\n"+string(text), "\n## ") {
			c := conformanceCase{file: file}
			c.title, section, _ = strings.Cut(section, "\n")
			info, source, ok := cutBlock(section, "http")
			if !ok {
				continue // the introduction
			}
			c.setup = parseSetup(t, info)
			for line := range strings.Lines(source) {
				line = strings.TrimSuffix(line, "\n")
				s, err := strconv.Unquote(`"` + strings.ReplaceAll(line, `"`, `\"`) + `"`)
				if err != nil {
					t.Fatalf("%s: %s: cannot read %s", file, c.title, line)
				}
				c.stream = append(c.stream, s...)
			}
			if _, c.log, ok = cutBlock(section, "log"); !ok {
				t.Fatalf("%s: %s: no log", file, c.title)
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// cutBlock returns a fenced block and the rest of the line that opens it.
func cutBlock(section, kind string) (info, text string, ok bool) {
	_, text, ok = strings.Cut(section, "\n```"+kind)
	info, text, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut("\n"+text, "\n```")
	if text = strings.TrimPrefix(text, "\n"); text != "" {
		text += "\n"
	}
	return info, text, ok
}

func parseSetup(t testing.TB, info string) (s setup) {
	leniencies := map[string]uint32{
		"missing-host": abi.LenientMissingHost, "obs-fold": abi.LenientObsFold,
		"bare-lf": abi.LenientBareLF, "header-names": abi.LenientHeaderNames,
	}
	for word := range strings.FieldsSeq(info) {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		switch {
		case word == "response":
			s.response = true
		case word == "eof":
			s.eof = true
		case name == "answers":
			for method := range strings.SplitSeq(value, ",") {
				m := MethodNamed([]byte(method))
				if m == 0 {
					t.Fatalf("unknown method %q", method)
				}
				s.answers = append(s.answers, m)
			}
		case name == "lenient":
			for bit := range strings.SplitSeq(value, ",") {
				if leniencies[bit] == 0 {
					t.Fatalf("unknown leniency %q", bit)
				}
				s.Lenient |= leniencies[bit]
			}
		case err != nil:
			t.Fatalf("cannot read %q", word)
		case name == "max-header-bytes":
			s.MaxHeaderBytes = uint32(n)
		case name == "max-headers-count":
			s.MaxHeadersCount = uint32(n)
		case name == "max-chunk-extensions":
			s.MaxChunkExtensions = uint32(n)
		default:
			t.Fatalf("unknown limit %q", word)
		}
	}
	return s
}

// TestConformance runs each case whole, cut in two at every byte, and byte by byte.
func TestConformance(t *testing.T) {
	for _, c := range readCases(t) {
		t.Run(filepath.Base(c.file)+"/"+c.title, func(t *testing.T) {
			got := logOf(t, c.setup, c.stream)
			if *update {
				rewriteLog(t, c, got)
				c.log = got
			}
			if got != c.log {
				t.Fatalf("%q\ngot\n%swant\n%s", c.stream, got, c.log)
			}
			if got := logOf(t, c.setup, c.stream, everyByte(c.stream)...); got != c.log {
				t.Errorf("byte by byte: got\n%swant\n%s", got, c.log)
			}
			for cut := range c.stream {
				if got := logOf(t, c.setup, c.stream, cut); got != c.log {
					t.Errorf("cut at byte %d: got\n%swant\n%s", cut, got, c.log)
				}
			}
		})
	}
}

func rewriteLog(t *testing.T, c conformanceCase, log string) {
	text, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	before, section, _ := strings.Cut("\n"+string(text), "\n## "+c.title+"\n")
	head, rest, _ := strings.Cut(section, "\n```log\n")
	_, after, _ := strings.Cut("\n"+rest, "\n```")
	out := before + "\n## " + c.title + "\n" + head + "\n```log\n" + log + "```" + after
	if err := os.WriteFile(c.file, []byte(strings.TrimPrefix(out, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
