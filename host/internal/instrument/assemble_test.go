package instrument_test

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

// assembly is a module to be, of entries in the binary format. The zero value is a module with nothing in it.
type assembly struct {
	types, imports, tables, memories, globals, exports, elements, data [][]byte
	functions                                                          []function
	custom                                                             [][]byte // whole sections, at the end
	counted                                                            bool     // there is a data count section
}

// function is of the type with that index.
type function struct {
	of     int
	locals [][]byte // groups
	code   []byte   // without the final end
}

// functionType returns a type of that many i32 parameters and results.
func functionType(parameters, results int) []byte {
	values := func(n int) []byte { return append(number(n), bytes.Repeat([]byte{0x7f}, n)...) }
	return slices.Concat([]byte{0x60}, values(parameters), values(results))
}

// locals returns a group of n of a type.
func locals(n int, of byte) []byte { return append(number(n), of) }

func number(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func repeat(n int, code ...byte) []byte { return bytes.Repeat(code, n) }

func (a assembly) encode() []byte {
	var declared, code [][]byte
	for _, f := range a.functions {
		declared = append(declared, number(f.of))
		body := slices.Concat(moduletest.Vector(f.locals...), f.code, []byte{0x0b})
		code = append(code, append(number(len(body)), body...))
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id      byte
		entries [][]byte
	}{
		{1, a.types}, {2, a.imports}, {3, declared}, {4, a.tables}, {5, a.memories}, {6, a.globals}, {7, a.exports},
		{9, a.elements}, {12, nil}, {10, code}, {11, a.data},
	} {
		switch {
		case s.id == 12 && a.counted:
			out = append(out, moduletest.Section(s.id, number(len(a.data)))...)
		case len(s.entries) > 0:
			out = append(out, moduletest.Section(s.id, moduletest.Vector(s.entries...))...)
		}
	}
	return append(out, slices.Concat(a.custom...)...)
}

func signed(n int) []byte {
	var b []byte
	for ; n >= 0x40; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// export returns an export of a kind, of which 0 is a function, 1 a table, 2 a memory and 3 a global.
func export(name string, kind byte, index int) []byte {
	return slices.Concat(moduletest.Name(name), []byte{kind}, number(index))
}
