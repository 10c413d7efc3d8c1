package dialog

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// log is what has happened so far: the program's events, and then what came over each connection.
func (p *Peer) log() string {
	s := p.stage
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, line := range join(s.lines) {
		b.WriteString(p.ports(line) + "\n")
	}
	for _, c := range append(s.conns, s.strange...) {
		c.describe(&b, p.ports)
	}
	return b.String()
}

// ports puts names in place of the ports, which are others each time.
func (p *Peer) ports(line string) string {
	line = strings.ReplaceAll(line, "127.0.0.1:"+p.Address(), "127.0.0.1:$peer")
	if port := p.program.Port(); port != 0 {
		line = strings.ReplaceAll(line, "127.0.0.1:"+strconv.Itoa(port), "127.0.0.1:$server")
	}
	return line
}

// join makes one line of the adjacent data of one source: how TCP has cut it says nothing.
func join(lines []string) (joined []string) {
	for _, line := range lines {
		if i := len(joined) - 1; i >= 0 {
			if prefix, data, ok := cutData(line); ok {
				if before, sofar, ok := cutData(joined[i]); ok && before == prefix {
					joined[i] = prefix + `"` + sofar + data + `"`
					continue
				}
			}
		}
		joined = append(joined, line)
	}
	for i, line := range joined {
		joined[i] = shorten(line)
	}
	return joined
}

var dataLine = regexp.MustCompile(`^(\S+ (?:data|socket-data) )"(.*)"$`)

func cutData(line string) (prefix, data string, ok bool) {
	m := dataLine.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// shorten writes runs of one letter as {x*1000}.
func shorten(line string) string {
	return run.ReplaceAllStringFunc(line, func(s string) string { return "{" + s[:1] + "*" + strconv.Itoa(len(s)) + "}" })
}

var run = regexp.MustCompile(`x{64,}|y{64,}|z{64,}`)

// describe writes a line for each that came, and how the connection ended.
func (c *conn) describe(b *strings.Builder, ports func(string) string) {
	name := c.name
	if name == "" {
		if len(c.received) == 0 {
			return // whether a request that is aborted gets so far is chance
		}
		name = "?" // no step has asked for it
	}
	for line := range strings.Lines(string(c.received)) {
		if line = normalize(line); line != "" {
			b.WriteString(name + "< " + ports(quote(shorten(line))) + "\n")
		}
	}
	switch c.ended {
	case "end":
		b.WriteString(name + " ended\n")
	case "reset":
		b.WriteString(name + " reset\n")
	}
}

// normalize takes out what differs each time, and Node 20's standing offer of Keep-Alive, of which the document does not know.
func normalize(line string) string {
	if line == "Keep-Alive: timeout=60\r\n" {
		return ""
	}
	if value, ok := strings.CutPrefix(line, "Date: "); ok {
		if _, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT\r\n", value); err == nil {
			return "Date: <date>\r\n"
		}
	}
	return line
}

// wire is all that an expected log has of a connection.
func wire(log, name string) (text string) {
	for line := range strings.Lines(log) {
		if bytes, ok := strings.CutPrefix(line, name+"< "); ok {
			text += strings.TrimSuffix(bytes, "\n")
		}
	}
	return text
}

// diverged reports whether a log can no longer become what is expected. Of each part the last line may still grow.
func diverged(log, expected string) bool {
	for line := range strings.Lines(log) {
		if ending.MatchString(line) && !strings.Contains("\n"+expected, "\n"+line) {
			return true
		}
	}
	got, want := parts(log), parts(expected)
	for name, lines := range got {
		for i, line := range lines {
			last := i == len(lines)-1
			if _, _, data := cutData(line); last && (data || name != "") {
				continue
			}
			if i >= len(want[name]) || line != want[name][i] {
				return true
			}
		}
	}
	return false
}

// parts splits a log: by the name of a connection what came over it, and the events under no name.
func parts(log string) map[string][]string {
	parts := map[string][]string{}
	for line := range strings.Lines(log) {
		name, _, isWire := strings.Cut(line, "< ")
		if !isWire || strings.Contains(name, " ") {
			name = ""
		}
		if !ending.MatchString(line) {
			parts[name] = append(parts[name], strings.TrimSuffix(line, "\n"))
		}
	}
	return parts
}

var ending = regexp.MustCompile(`^\S+ (ended|reset)\n$`)
