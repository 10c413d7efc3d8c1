package tests

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

var update = flag.Bool("update", false, "rewrite what is recorded in testdata; read the difference before you believe it")

// TestDifferential sends the same bytes to Node, to net/http and to both servers of ours, and holds what comes of it against
// the corpus. There stands, for each input, what we make of it; and where a peer makes something else of it, what that is,
// and why we differ. A difference that is not there fails, as does one that is there and does not occur.
//
// Behind each input comes a probe, a request of its own, and the end of input. So it shows whether the connection goes on,
// and what a server takes for a part of the message before.
func TestDifferential(t *testing.T) {
	all := startAll(t)
	t.Cleanup(func() {
		for _, s := range all {
			s.Close(t)
		}
	})
	files, err := filepath.Glob("testdata/differential/*.md")
	require.NoError(t, err)
	total := 0
	for _, file := range files {
		d := readDocument(t, file)
		total += len(d.cases)
		var running sync.WaitGroup
		limit := make(chan struct{}, 16)
		for _, c := range d.cases {
			running.Go(func() {
				limit <- struct{}{}
				defer func() { <-limit }()
				for i, s := range all {
					c.got[i], c.err[i] = outcome(t, s.Addr, c.input)
				}
			})
		}
		running.Wait()
		for _, c := range d.cases {
			t.Run(filepath.Base(file)+"/"+c.title, func(t *testing.T) { c.check(t) })
		}
		if *update && !t.Failed() {
			require.NoError(t, os.WriteFile(file, []byte(d.String()), 0o666))
		}
	}
	require.GreaterOrEqual(t, total, 120)
}

// The servers that are compared. The first of them is us; the second must not differ from it.
const (
	oursNative = iota
	oursWasm
	peerNode
	peerNetHTTP
	servers
)

var peerNames = [servers]string{peerNode: "node", peerNetHTTP: "net/http"}

func startAll(t *testing.T) (all [servers]*subject.Server) {
	node := subject.NeedNode(t, "20")
	all[peerNode] = subject.StartNode(t, node, "testdata/node/dump.js")
	for i := range subject.Ours {
		all[oursNative+i] = subject.Ours[i].Start(t, subject.Options{})
	}
	all[peerNetHTTP] = subject.StartNetHTTP(t)
	return all
}

// document is a file of the corpus.
type document struct {
	intro string
	cases []*differentialCase
}

// differentialCase is a section of a document.
type differentialCase struct {
	title, text, source string // as they stand there
	input               string
	want                string
	differ              [servers]difference
	got                 [servers]string
	err                 [servers]error
}

// difference is what a peer makes of an input, and why we do not.
type difference struct{ reason, outcome string }

func readDocument(t *testing.T, file string) *document {
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	sections := strings.Split(string(content), "\n## ")
	d := &document{intro: strings.TrimSpace(sections[0])}
	for _, section := range sections[1:] {
		c := &differentialCase{}
		c.title, section, _ = strings.Cut(section, "\n")
		for {
			before, rest, ok := strings.Cut(section, "```")
			if !ok {
				break
			}
			info, rest, _ := strings.Cut(rest, "\n")
			block, after, ok := strings.Cut(rest, "```\n")
			require.True(t, ok, "%s: %s: a block has no end", file, c.title)
			c.add(t, strings.TrimSpace(before), info, block)
			section = after
		}
		require.NotEmpty(t, c.source, "%s: %s: nothing is sent", file, c.title)
		d.cases = append(d.cases, c)
	}
	return d
}

// add takes a block, and the text before it.
func (c *differentialCase) add(t *testing.T, text, info, block string) {
	switch info {
	case "http":
		c.text, c.source = text, block
		for line := range strings.Lines(block) {
			quoted := `"` + strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `"`, `\"`) + `"`
			s, err := strconv.Unquote(quoted)
			require.NoError(t, err, "%s: %s", c.title, line)
			c.input += expand(s)
		}
	case "outcome":
		c.want = block
	default:
		for _, name := range strings.Split(info, ", ") {
			i := slices.Index(peerNames[:], name)
			require.Positive(t, i, "%s: who is %q?", c.title, name)
			require.True(t, *update || text != "", "%s: why does %s differ?", c.title, name)
			c.differ[i] = difference{text, block}
		}
	}
}

// Long runs of x stand in the corpus as {{x*1000}}.
var shortRun, longRun = regexp.MustCompile(`\{\{x\*(\d+)\}\}`), regexp.MustCompile(`x{100,}`)

func expand(s string) string {
	return shortRun.ReplaceAllStringFunc(s, func(run string) string {
		n, _ := strconv.Atoi(run[len("{{x*") : len(run)-len("}}")]) // the pattern has digits only
		return strings.Repeat("x", n)
	})
}

func shorten(s string) string {
	return longRun.ReplaceAllStringFunc(s, func(run string) string { return "{{x*" + strconv.Itoa(len(run)) + "}}" })
}

// check compares what came with what stands in the corpus or, with -update, puts it there.
func (c *differentialCase) check(t *testing.T) {
	for i := range servers {
		require.NoError(t, c.err[i], "server %d", i)
	}
	require.Equal(t, c.got[oursNative], c.got[oursWasm], "wasm differs from native")
	if *update {
		c.want = c.got[oursNative]
		for i := peerNode; i < servers; i++ {
			if c.differ[i].outcome = c.got[i]; c.got[i] == c.want {
				c.differ[i] = difference{}
			}
		}
		return
	}
	assert.Equal(t, c.want, c.got[oursNative], "ours")
	for i := peerNode; i < servers; i++ {
		d := c.differ[i]
		if d.outcome == "" {
			d.outcome = c.want
		} else {
			assert.NotEqual(t, c.want, d.outcome, "%s is listed with a difference that is none", peerNames[i])
		}
		assert.Equal(t, d.outcome, c.got[i], "%s", peerNames[i])
	}
}

// String is the file again.
func (d *document) String() string {
	var b strings.Builder
	b.WriteString(d.intro + "\n")
	block := func(text, info, content string) {
		if text != "" {
			b.WriteString(text + "\n\n")
		}
		b.WriteString("```" + info + "\n" + content + "```\n")
	}
	for _, c := range d.cases {
		b.WriteString("\n## " + c.title + "\n\n")
		block(c.text, "http", c.source)
		b.WriteString("\n")
		block("", "outcome", c.want)
		switch {
		case c.differ[peerNode].outcome == "" && c.differ[peerNetHTTP].outcome == "":
		case c.differ[peerNode] == c.differ[peerNetHTTP]:
			b.WriteString("\n")
			block(c.differ[peerNode].reason, "node, net/http", c.differ[peerNode].outcome)
		default:
			for i := peerNode; i < servers; i++ {
				if c.differ[i].outcome != "" {
					b.WriteString("\n")
					block(c.differ[i].reason, peerNames[i], c.differ[i].outcome)
				}
			}
		}
	}
	return b.String()
}

// lastProbe is what comes behind the input.
const lastProbe = "GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n"

// outcome sends input and says what came of it: a line for each response, and whether the connection went on.
func outcome(t *testing.T, addr, input string) (string, error) {
	c := raw.Dial(t, addr)
	defer c.Close()
	c.Send(input + lastProbe)
	c.CloseWrite()
	var lines []string
	methods := requestMethods(input)
	for {
		method := "GET"
		if len(methods) > 0 {
			method = methods[0]
		}
		r, err := c.Next(method)
		if errors.Is(err, io.EOF) || raw.IsReset(err) {
			return strings.Join(append(lines, "closes\n"), "\n"), nil
		}
		if err != nil {
			return "", fmt.Errorf("after %q: %w", lines, err)
		}
		if method == "CONNECT" && r.Status == 200 {
			return strings.Join(append(lines, "200 tunnel\n"), "\n"), nil
		}
		line, probe := describe(r)
		if probe {
			rest := c.Rest()
			if rest != "" {
				return "", fmt.Errorf("%q behind the answer to the probe", rest)
			}
			return strings.Join(append(lines, "persists\n"), "\n"), nil
		}
		lines = append(lines, shorten(line))
		if r.Status >= 200 && len(methods) > 0 {
			methods = methods[1:]
		}
	}
}

// requestMethods returns the methods of the requests in input as far as it matters: those to HEAD have no body.
func requestMethods(input string) (methods []string) {
	for line := range strings.SplitSeq(input, "\r\n") {
		if method, rest, ok := strings.Cut(line, " "); ok && strings.Contains(rest, " HTTP/") {
			methods = append(methods, method)
		}
	}
	return methods
}

// describe says what a response says: of the request in the body if it is a dump, and else its status.
func describe(r *raw.Response) (line string, probe bool) {
	var d subject.Dump
	if r.Status != 200 || json.Unmarshal([]byte(r.Body), &d) != nil {
		line = strconv.Itoa(r.Status)
		if !r.Complete {
			line += " cut"
		}
		return line, false
	}
	probe = d.URL == "/last" && slices.Contains(d.Headers, [2]string{"host", "last"})
	return "200 " + d.Method + " " + strings.Trim(strconv.QuoteToASCII(d.URL), `"`) + " " + d.Version +
		describeFields("", d.Headers) + " " + strconv.QuoteToASCII(d.Body) + describeFields("trailer ", d.Trailers), probe
}

// describeFields sorts them by name, for net/http does not tell the order; lines of one name keep theirs.
func describeFields(kind string, fields [][2]string) (text string) {
	slices.SortStableFunc(fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	for _, f := range fields {
		text += " " + kind + f[0] + "=" + strconv.QuoteToASCII(f[1])
	}
	return text
}
