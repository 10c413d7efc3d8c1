package dialog

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// Document is a file of scenarios.
type Document struct {
	Intro     string
	Scenarios []*Scenario
}

// Scenario is a section of a document.
type Scenario struct {
	Title, Text  string
	Script, Peer string
	Want         string                 // the log
	Differ       map[string]*Difference // by subject: who has another log
}

// Difference is what a subject does instead, and why.
type Difference struct{ Reason, Log string }

// Unix says that the peer and the program meet at a Unix socket.
func (s *Scenario) Unix() bool { return strings.HasPrefix(s.Peer, "unix\n") }

// Serves says that the script has a server.
func (s *Scenario) Serves() bool { return !strings.Contains("\n"+s.Script, "\nstart:") }

// Expected is the log of a subject, "" if none was recorded.
func (s *Scenario) Expected(subject string) string {
	if d := s.Differ[subject]; d != nil {
		return d.Log
	}
	return s.Want
}

// Record puts a log where Expected finds it. A reason stays.
func (s *Scenario) Record(subject, log string, main bool) {
	switch d := s.Differ[subject]; {
	case main:
		s.Want = log
	case log == s.Want:
		delete(s.Differ, subject)
	case d == nil:
		s.Differ[subject] = &Difference{Log: log}
	default:
		d.Log = log
	}
}

// Read reads a document.
func Read(file string) (*Document, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	sections := strings.Split(string(content), "\n## ")
	d := &Document{Intro: strings.TrimSpace(sections[0])}
	for _, section := range sections[1:] {
		s, err := readScenario(section)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, s.Title, err)
		}
		d.Scenarios = append(d.Scenarios, s)
	}
	return d, nil
}

func readScenario(section string) (*Scenario, error) {
	s := &Scenario{Differ: map[string]*Difference{}}
	s.Title, section, _ = strings.Cut(section, "\n")
	for {
		text, rest, ok := strings.Cut(section, "```")
		if !ok {
			return s, nil
		}
		info, rest, _ := strings.Cut(rest, "\n")
		block, after, ok := strings.Cut(rest, "```\n")
		if !ok {
			return s, fmt.Errorf("a block %q has no end", info)
		}
		if err := s.add(strings.TrimSpace(text), info, block); err != nil {
			return s, err
		}
		section = after
	}
}

func (s *Scenario) add(text, info, block string) error {
	switch info {
	case "script":
		s.Text, s.Script = text, block
	case "peer":
		s.Peer = block
	case "log":
		s.Want = block
	default:
		names, ok := strings.CutPrefix(info, "log ")
		if !ok {
			return fmt.Errorf("what is a block %q?", info)
		}
		for name := range strings.SplitSeq(names, ", ") {
			s.Differ[name] = &Difference{text, block}
		}
	}
	return nil
}

// Write writes the document again.
func (d *Document) Write(file string) error {
	var b strings.Builder
	b.WriteString(d.Intro + "\n")
	for _, s := range d.Scenarios {
		s.write(&b)
	}
	return os.WriteFile(file, []byte(b.String()), 0o666)
}

func (s *Scenario) write(b *strings.Builder) {
	b.WriteString("\n## " + s.Title + "\n")
	block := func(text, info, content string) {
		if text != "" {
			b.WriteString("\n" + text + "\n")
		}
		b.WriteString("\n```" + info + "\n" + content + "```\n")
	}
	block(s.Text, "script", s.Script)
	block("", "peer", s.Peer)
	block("", "log", s.Want)
	for _, names := range s.alike() {
		d := s.Differ[names[0]]
		block(d.Reason, "log "+strings.Join(names, ", "), d.Log)
	}
}

// alike groups the subjects that differ in the same way.
func (s *Scenario) alike() (groups [][]string) {
	var names []string
	for name := range s.Differ {
		names = append(names, name)
	}
	slices.Sort(names)
next:
	for _, name := range names {
		for i, group := range groups {
			if *s.Differ[group[0]] == *s.Differ[name] {
				groups[i] = append(group, name)
				continue next
			}
		}
		groups = append(groups, []string{name})
	}
	return groups
}
