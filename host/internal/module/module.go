// Package module reads what a WebAssembly binary says about itself, without compiling it, and checks it
// against the contracts of package abi: a module that does not fit is refused before any of its code is
// looked at, with an error that names every odd import and export.
//
// The bytes are hostile. Reading takes time and memory proportional to their number, never panics, and is
// no validation: function bodies, constants and data are skipped, the engine judges them.
package module

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// PageSize is the unit of a memory's size, in bytes.
const PageSize = 64 << 10

// Kind says what an import or export is. The numbers are those of the binary format.
type Kind byte

// The kinds of imports and exports.
const (
	Func Kind = iota
	Table
	Memory
	Global
	Tag
)

// Module is what a binary declares. It keeps no reference to the bytes.
type Module struct {
	Name      string     // from the custom section "name"; often empty
	Imports   []Import   // in the order of the binary
	Exports   []Export   // in the order of the binary
	Memories  []Limits   // in pages; imported ones first
	Tables    []Limits   // in elements; imported ones first
	Functions int        // defined, not imported
	Globals   int        // imported and defined
	Start     bool       // a start function runs when the module is instantiated, before any export is called
	Producers []Producer // from the custom section "producers"; what the tools said of themselves

	Types         []Signature
	FunctionTypes []uint32  // the type of each function, imported ones first, as an index of Types
	Sections      []Section // in the order of the binary
}

// Section says where a part of a binary lies, in bytes from its start.
type Section struct {
	ID    byte
	Start int // of the number and the size that come before the content
	Begin int // of the content
	End   int
}

// Scanner returns what reads the content of s, a section of wasm.
func (s Section) Scanner(wasm []byte) *Scanner {
	return &Scanner{Data: wasm[:s.End], Pos: s.Begin, Section: sections[s.ID].name}
}

// Import is one thing that the module wants from its host.
type Import struct {
	Module, Name string
	Kind         Kind
	Type         Signature // for a Func
}

// Export is one thing that the module offers.
type Export struct {
	Name  string
	Kind  Kind
	Index uint32    // among things of its kind, imported ones first
	Type  Signature // for a Func
}

// Limits are those of a memory, in pages, or of a table, in elements.
type Limits struct {
	Min, Max uint64
	HasMax   bool // else Max is 0 and the module sets no bound
	Shared   bool // between threads
	Wide     bool // addressed by 64 bits
	Imported bool
}

// Producer is one entry of the custom section "producers". It is a claim, not a fact.
type Producer struct {
	Field   string // "language", "processed-by" or "sdk"
	Name    string
	Version string // may be empty
}

// Signature is the type of a function.
type Signature struct{ Params, Results []abi.ValueType }

// Equal reports whether s and t are the same type.
func (s Signature) Equal(t Signature) bool {
	return slices.Equal(s.Params, t.Params) && slices.Equal(s.Results, t.Results)
}

// Export returns the export called name.
func (m *Module) Export(name string) (Export, bool) {
	i := slices.IndexFunc(m.Exports, func(e Export) bool { return e.Name == name })
	if i < 0 {
		return Export{}, false
	}
	return m.Exports[i], true
}

// Memory returns the limits of the memory exported as "memory", the one the contracts are about.
func (m *Module) Memory() (Limits, bool) {
	e, ok := m.Export(memoryName)
	if !ok || e.Kind != Memory {
		return Limits{}, false
	}
	return m.Memories[e.Index], true
}
