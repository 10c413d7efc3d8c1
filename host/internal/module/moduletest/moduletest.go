// Package moduletest writes small WebAssembly modules for tests: whole ones, and ones with a single fault.
package moduletest

import (
	"encoding/binary"
	"slices"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/module"
)

// Spec is a module to be. The zero value is a module with nothing in it.
type Spec struct {
	Imports   []module.Import // for a Memory {Min: 1}, for a Table {Min: 1} of functions, for a Global an immutable i32
	Functions []Function
	Memories  []module.Limits
	Exports   []module.Export // besides those of Functions; Type is ignored
	Start     *uint32         // index of a function, imported ones first
	Custom    []Custom        // at the end
}

// Function is a defined function.
type Function struct {
	Export string // none if empty
	Type   module.Signature
	Body   []byte // instructions, without locals and without the final end; nil: returns zeros
}

// Custom is a custom section.
type Custom struct {
	Name string
	Data []byte
}

// Handler returns a handler that does nothing: requests stay unanswered.
func Handler() Spec { return guest(abi.HandlerImports, abi.HandlerExports) }

// Stack returns something with the shape of the stack.
// Its memory has room for a receive buffer of 256 KiB at 0.
func Stack() Spec {
	s := guest(abi.StackImports, abi.StackExports)
	s.Memories[0].Min = 5
	return s
}

// guest imports all of imports, exports all of exports, a memory of two pages and _initialize.
func guest(imports, exports []abi.Function) Spec {
	s := Spec{
		Memories:  []module.Limits{{Min: 2}},
		Exports:   []module.Export{{Name: "memory", Kind: module.Memory}},
		Functions: []Function{{Export: "_initialize"}},
	}
	for _, f := range imports {
		s.Imports = append(s.Imports, module.Import{Module: f.Module, Name: f.Name, Type: module.Signature{Params: f.Params, Results: f.Results}})
	}
	for _, f := range exports {
		s.Functions = append(s.Functions, Function{Export: f.Name, Type: module.Signature{Params: f.Params, Results: f.Results}})
	}
	return s
}

// Function returns the function exported as name, to be changed; it panics if there is none.
func (s *Spec) Function(name string) *Function {
	i := slices.IndexFunc(s.Functions, func(f Function) bool { return f.Export == name })
	if i < 0 {
		panic("moduletest: no function " + name)
	}
	return &s.Functions[i]
}

// Without removes the function or other export called name.
func (s *Spec) Without(name string) {
	s.Functions = slices.DeleteFunc(s.Functions, func(f Function) bool { return f.Export == name })
	s.Exports = slices.DeleteFunc(s.Exports, func(e module.Export) bool { return e.Name == name })
}

// Encode writes the module in the binary format.
func (s Spec) Encode() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	var types, imports, functions, memories, exports, code [][]byte
	typeOf := func(t module.Signature) []byte {
		types = append(types, signature(t))
		return number(uint64(len(types) - 1))
	}
	imported := uint64(0)
	for _, i := range s.Imports {
		entry := slices.Concat(Name(i.Module), Name(i.Name), []byte{byte(i.Kind)})
		switch i.Kind {
		case module.Func:
			entry = append(entry, typeOf(i.Type)...)
			imported++
		case module.Table:
			entry = append(entry, 0x70, 0, 1)
		case module.Memory:
			entry = append(entry, 0, 1)
		case module.Global:
			entry = append(entry, byte(abi.I32), 0)
		default:
			panic("moduletest: cannot import a " + i.Kind.String())
		}
		imports = append(imports, entry)
	}
	for i, f := range s.Functions {
		functions = append(functions, typeOf(f.Type))
		code = append(code, body(f))
		if f.Export != "" {
			exports = append(exports, slices.Concat(Name(f.Export), []byte{byte(module.Func)}, number(imported+uint64(i))))
		}
	}
	for _, l := range s.Memories {
		memories = append(memories, limits(l))
	}
	for _, e := range s.Exports {
		exports = append(exports, slices.Concat(Name(e.Name), []byte{byte(e.Kind)}, number(uint64(e.Index))))
	}
	out = append(out, Section(1, Vector(types...))...)
	out = append(out, Section(2, Vector(imports...))...)
	out = append(out, Section(3, Vector(functions...))...)
	out = append(out, Section(5, Vector(memories...))...)
	out = append(out, Section(7, Vector(exports...))...)
	if s.Start != nil {
		out = append(out, Section(8, number(uint64(*s.Start)))...)
	}
	out = append(out, Section(10, Vector(code...))...)
	for _, c := range s.Custom {
		out = append(out, Section(0, slices.Concat(Name(c.Name), c.Data))...)
	}
	return out
}

func signature(t module.Signature) []byte {
	values := func(types []abi.ValueType) []byte {
		b := number(uint64(len(types)))
		for _, v := range types {
			b = append(b, byte(v))
		}
		return b
	}
	return slices.Concat([]byte{0x60}, values(t.Params), values(t.Results))
}

func body(f Function) []byte {
	const i32Const, i64Const, endOfBody = 0x41, 0x42, 0x0b
	b := []byte{0} // no locals
	b = append(b, f.Body...)
	if f.Body == nil {
		for _, r := range f.Type.Results {
			if r == abi.I64 {
				b = append(b, i64Const, 0)
			} else {
				b = append(b, i32Const, 0)
			}
		}
	}
	b = append(b, endOfBody)
	return slices.Concat(number(uint64(len(b))), b)
}

func limits(l module.Limits) []byte {
	var flags byte
	if l.HasMax {
		flags |= 1
	}
	if l.Shared {
		flags |= 2
	}
	if l.Wide {
		flags |= 4
	}
	b := append([]byte{flags}, number(l.Min)...)
	if l.HasMax {
		b = append(b, number(l.Max)...)
	}
	return b
}

// Section writes a section with its number and size.
func Section(id byte, content []byte) []byte {
	return slices.Concat([]byte{id}, number(uint64(len(content))), content)
}

// Vector writes the number of entries, then the entries.
func Vector(entries ...[]byte) []byte {
	return slices.Concat(number(uint64(len(entries))), slices.Concat(entries...))
}

// Name writes a string with its size.
func Name(s string) []byte { return slices.Concat(number(uint64(len(s))), []byte(s)) }

// number writes an unsigned LEB128 number, which encoding/binary calls a uvarint.
func number(v uint64) []byte { return binary.AppendUvarint(nil, v) }
