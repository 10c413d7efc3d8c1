package dialog

import (
	"fmt"
	"strconv"
	"strings"
)

// quote writes bytes as scripts and logs do, without the quotes: \r \n \t \" \\ and \xNN, the rest as it is.
func quote(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// words splits a line of a peer: words are text, or quoted bytes, "…"*N for N times.
func words(line string) (list []string, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			list, line = append(list, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		line = line[len(quoted):]
		if rest, ok := strings.CutPrefix(line, "*"); ok {
			var times string
			times, line, _ = strings.Cut(rest, " ")
			n, err := strconv.Atoi(times)
			if err != nil {
				return nil, err
			}
			word = strings.Repeat(word, n)
		}
		list = append(list, word)
	}
	return list, nil
}
