package module

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// What Read may find instead of a core module.
var (
	ErrNotWasm   = errors.New("not a WebAssembly module")
	ErrComponent = errors.New("a WebAssembly component, not a core module: build for WASI preview 1, without the component step")
)

// Most entries of a kind that are read. Engines of browsers stop at similar numbers, and the largest real
// modules have a tenth.
const (
	maxTypes     = 1_000_000
	maxFunctions = 1_000_000
	maxExternals = 100_000 // imports, exports
	maxValues    = 1_000   // parameters or results of one function
	maxStores    = 100     // memories, tables
)

// Read reads wasm. It returns ErrNotWasm or ErrComponent, maybe wrapped, or a *FormatError.
func Read(wasm []byte) (*Module, error) {
	if err := checkPreamble(wasm); err != nil {
		return nil, err
	}
	r := reader{file: Scanner{Data: wasm, Pos: PreambleSize}}
	for r.file.Rest() > 0 && r.file.Err == nil {
		r.nextSection()
	}
	r.checkCode()
	if r.file.Err != nil {
		return nil, r.file.Err
	}
	return &r.module, nil
}

// PreambleSize is how many bytes come before the first section.
const PreambleSize = 8

func checkPreamble(wasm []byte) error {
	magic := []byte("\x00asm")
	switch {
	case len(wasm) == 0:
		return fmt.Errorf("%w: the file is empty", ErrNotWasm)
	case bytes.HasPrefix(wasm, []byte("(module")) || bytes.HasPrefix(wasm, []byte("(component")):
		return fmt.Errorf("%w but its text form: assemble it first, for example with wat2wasm", ErrNotWasm)
	case len(wasm) < PreambleSize && bytes.HasPrefix(wasm, magic[:min(len(wasm), len(magic))]):
		return &FormatError{Offset: len(wasm), Reason: "truncated"}
	case !bytes.HasPrefix(wasm, magic):
		return fmt.Errorf("%w: it begins with %q", ErrNotWasm, wasm[:min(len(wasm), 4)])
	}
	// A version and, since components exist, a layer.
	version, layer := binary.LittleEndian.Uint16(wasm[4:]), binary.LittleEndian.Uint16(wasm[6:])
	switch {
	case layer == 1:
		return ErrComponent
	case version != 1 || layer != 0:
		return &FormatError{Offset: len(magic), Reason: fmt.Sprintf("version %d of layer %d is not supported", version, layer)}
	}
	return nil
}

// reader collects a module and what is needed on the way only.
type reader struct {
	file     Scanner
	module   Module
	lastRank int
	tags     int
	bodies   int // entries of the code section
}

type section struct {
	name string
	rank int // the order in a module
	read func(*reader, *Scanner)
}

// sections is by number. Sections without read are skipped. Custom sections may stand anywhere.
var sections = [...]section{
	0:  {"custom", 0, (*reader).readCustom},
	1:  {"type", 1, (*reader).readTypes},
	2:  {"import", 2, (*reader).readImports},
	3:  {"function", 3, (*reader).readFunctions},
	4:  {"table", 4, (*reader).readTables},
	5:  {"memory", 5, (*reader).readMemories},
	6:  {"global", 7, (*reader).countGlobals},
	7:  {"export", 8, (*reader).readExports},
	8:  {"start", 9, (*reader).readStart},
	9:  {"element", 10, nil},
	10: {"code", 12, (*reader).countBodies},
	11: {"data", 13, nil},
	12: {"data count", 11, nil},
	13: {"tag", 6, (*reader).countTags},
}

func (r *reader) nextSection() {
	f := &r.file
	start := f.Pos
	id := f.Byte()
	if int(id) >= len(sections) {
		f.Fail(start, "unknown section %d", id)
		return
	}
	sec := sections[id]
	f.Section = sec.name
	size := f.U32()
	begin := f.Pos
	f.Bytes(uint64(size))
	if f.Err != nil {
		return
	}
	if sec.rank != 0 {
		if sec.rank <= r.lastRank {
			f.Fail(start, "out of order or repeated")
			return
		}
		r.lastRank = sec.rank
	}
	r.module.Sections = append(r.module.Sections, Section{ID: id, Start: start, Begin: begin, End: f.Pos})
	if sec.read != nil {
		s := Scanner{Data: f.Data[:f.Pos], Pos: begin, Section: sec.name}
		sec.read(r, &s)
		if f.Err = s.Err; f.Err != nil {
			return
		}
	}
	f.Section = ""
}

// end refuses bytes after a section's last entry.
func end(s *Scanner) {
	if s.Err == nil && s.Rest() > 0 {
		s.Fail(s.Pos, "%d bytes too many", s.Rest())
	}
}
