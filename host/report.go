package host

import (
	"fmt"
	"strings"

	"github.com/portholehttp/porthole/host/internal/module"
)

// String describes the module in lines of plain text, the last of which says whether it will load, or
// begins the list of why not.
func (r *Report) String() string {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s", label)
		fmt.Fprintf(&b, format, args...)
		b.WriteByte('\n')
	}
	line("kind", "%s", r.Kind)
	if r.Name != "" {
		line("name", "%s", module.Printable(r.Name))
	}
	line("size", "%s, %d functions", size(uint64(r.Size)), r.Functions)
	if len(r.Producers) > 0 {
		line("made by", "%s", r.makers())
	}
	for _, m := range r.Memories {
		line("memory", "%s", m)
	}
	if r.Start {
		line("start", "a function runs when the module is instantiated")
	}
	writeSymbols(&b, "imports", r.Imports)
	writeSymbols(&b, "exports", r.Exports)
	switch {
	case len(r.Faults) > 0:
		line("loads", "no")
		for _, f := range r.Faults {
			fmt.Fprintf(&b, "  %s\n", f)
		}
	case r.Kind == KindStack:
		line("loads", "no: it is a stack in order, but the host brings its own and loads handlers only")
	default:
		if r.Resettable {
			line("resets", "yes")
		} else {
			line("resets", "no: its code changes more than memory and globals, so each fresh instance is started anew")
		}
		line("loads", "yes")
	}
	return b.String()
}

func (r *Report) makers() string {
	var names []string
	for _, p := range r.Producers {
		name := module.Printable(p.Name)
		if p.Version != "" {
			name += " " + module.Printable(p.Version)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func writeSymbols(b *strings.Builder, label string, symbols []Symbol) {
	if len(symbols) == 0 {
		fmt.Fprintf(b, "%-10snone\n", label)
		return
	}
	fmt.Fprintf(b, "%s\n", label)
	width := 0
	names := make([]string, len(symbols))
	for i, s := range symbols {
		names[i] = module.Printable(s.Name)
		if label == "imports" {
			names[i] = module.Printable(s.Module) + "." + names[i]
		}
		width = max(width, min(len(names[i]), 44))
	}
	for i, s := range symbols {
		what := s.Type
		if what == "" {
			what = s.Kind
		}
		fmt.Fprintf(b, "  %-*s  %s\n", width, names[i], what)
	}
}

// String says how large the memory is and may become.
func (m Memory) String() string {
	text := pages(m.MinPages)
	if m.MaxPages > 0 {
		text += ", at most " + pages(m.MaxPages)
	} else {
		text += ", no maximum"
	}
	if m.Imported {
		text += ", imported"
	}
	return text
}

func pages(n uint64) string {
	unit := "pages"
	if n == 1 {
		unit = "page"
	}
	if n > 1<<32 { // a memory of 64 bits: more bytes than there are numbers for
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s (%s)", n, unit, size(n*module.PageSize))
}

// size writes a number of bytes with a binary unit.
func size(n uint64) string {
	value, unit := float64(n), 0
	for value >= 1024 && unit < 4 {
		value /= 1024
		unit++
	}
	text := fmt.Sprintf("%.1f", value)
	return strings.TrimSuffix(text, ".0") + []string{" B", " KiB", " MiB", " GiB", " TiB"}[unit]
}
