package events

import (
	"strconv"
	"strings"
)

// line is a line of a script: what to do at an event of a subject. A label is an event without a subject.
type line struct {
	subject, event string
	actions        []action
}

// action is a verb with arguments, of the line's subject unless it names another.
type action struct {
	subject, verb string
	args          []argument
}

// argument is name=text, or text alone.
type argument struct{ name, text string }

func parse(script string) (lines []line) {
	for text := range strings.Lines(script) {
		text = strings.TrimSpace(text) + " "
		when, rest, ok := strings.Cut(text, ": ")
		if !ok || text[0] == '#' {
			continue
		}
		var l line
		if subject, event, ok := strings.Cut(when, " "); ok {
			l.subject, l.event = subject, strings.TrimSpace(event)
		} else {
			l.event = when
		}
		l.actions = parseActions(rest, l.subject)
		lines = append(lines, l)
	}
	return lines
}

// parseActions reads "subject.verb argument ...; ...".
func parseActions(text, subject string) (list []action) {
	var words []argument
	done := func() {
		if len(words) == 0 {
			return
		}
		a := action{subject, words[0].text, words[1:]}
		if dot := strings.LastIndexByte(a.verb, '.'); dot >= 0 {
			a.subject, a.verb = a.verb[:dot], a.verb[dot+1:]
		}
		list, words = append(list, a), nil
	}
	for {
		text = strings.TrimLeft(text, " ")
		switch {
		case text == "":
			done()
			return list
		case text[0] == ';':
			done()
			text = text[1:]
		default:
			var word argument
			word, text = parseArgument(text)
			words = append(words, word)
		}
	}
}

// parseArgument reads name=text, where text is a word, or quoted: "…", and "…"*N for N times.
func parseArgument(text string) (a argument, rest string) {
	if i := nameLength(text); i > 0 {
		a.name, text = text[:i], text[i+1:]
	}
	if !strings.HasPrefix(text, `"`) {
		i := strings.IndexAny(text, ` ;"`)
		if i < 0 {
			i = len(text)
		}
		a.text = text[:i]
		return a, text[i:]
	}
	a.text, rest = unquote(text[1:])
	if times, ok := strings.CutPrefix(rest, "*"); ok {
		i := 0
		for i < len(times) && '0' <= times[i] && times[i] <= '9' {
			i++
		}
		n, _ := strconv.Atoi(times[:i]) // digits
		a.text, rest = strings.Repeat(a.text, n), times[i:]
	}
	return a, rest
}

// nameLength is the length of the name that text begins with, before "=", 0 if there is none.
func nameLength(text string) int {
	i := strings.IndexByte(text, '=')
	for j := range max(i, 0) {
		if c := text[j] | 0x20; ('a' > c || c > 'z') && text[j] != '-' && text[j] != '_' && (j == 0 || '0' > text[j] || text[j] > '9') {
			return 0
		}
	}
	return max(i, 0)
}

// values are the arguments without a name.
func values(args []argument) (list []string) {
	for _, a := range args {
		if a.name == "" {
			list = append(list, a.text)
		}
	}
	return list
}
