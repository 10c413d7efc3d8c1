package module_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

func sig(params, results []abi.ValueType) module.Signature {
	return module.Signature{Params: params, Results: results}
}

// specWithAll has one of each thing that Read reports.
func specWithAll() moduletest.Spec {
	start := uint32(1)
	producers := moduletest.Vector(
		slices.Concat(moduletest.Name("language"), moduletest.Vector(slices.Concat(moduletest.Name("Go"), moduletest.Name("go1.26")))),
		slices.Concat(moduletest.Name("processed-by"), moduletest.Vector(slices.Concat(moduletest.Name("Go cmd/compile"), moduletest.Name("")))),
	)
	return moduletest.Spec{
		Imports: []module.Import{
			{Module: "env", Name: "f", Kind: module.Func, Type: sig([]abi.ValueType{abi.I64, 0x7d}, []abi.ValueType{0x7c})},
			{Module: "env", Name: "t", Kind: module.Table},
			{Module: "env", Name: "g", Kind: module.Global},
		},
		Functions: []moduletest.Function{{}, {Export: "run", Type: sig([]abi.ValueType{abi.I32}, []abi.ValueType{abi.I32})}},
		Memories:  []module.Limits{{Min: 3, Max: 300, HasMax: true}},
		Exports:   []module.Export{{Name: "memory", Kind: module.Memory}, {Name: "f again", Kind: module.Func}, {Name: "table", Kind: module.Table}},
		Start:     &start,
		Custom: []moduletest.Custom{
			{Name: "name", Data: slices.Concat([]byte{0, 5}, moduletest.Name("tiny"))},
			{Name: "producers", Data: producers},
		},
	}
}

func TestRead(t *testing.T) {
	wasm := specWithAll().Encode()
	m, err := module.Read(wasm)
	require.NoError(t, err)
	assertSections(t, wasm, m)
	m.Sections = nil
	f := sig([]abi.ValueType{abi.I64, 0x7d}, []abi.ValueType{0x7c})
	assert.Equal(t, &module.Module{
		Name: "tiny",
		Imports: []module.Import{
			{Module: "env", Name: "f", Kind: module.Func, Type: f},
			{Module: "env", Name: "t", Kind: module.Table},
			{Module: "env", Name: "g", Kind: module.Global},
		},
		Exports: []module.Export{
			{Name: "run", Kind: module.Func, Index: 2, Type: sig([]abi.ValueType{abi.I32}, []abi.ValueType{abi.I32})},
			{Name: "memory", Kind: module.Memory},
			{Name: "f again", Kind: module.Func, Type: f},
			{Name: "table", Kind: module.Table},
		},
		Memories:  []module.Limits{{Min: 3, Max: 300, HasMax: true}},
		Tables:    []module.Limits{{Min: 1, Imported: true}},
		Functions: 2,
		Globals:   1,
		Start:     true,
		Producers: []module.Producer{{"language", "Go", "go1.26"}, {"processed-by", "Go cmd/compile", ""}},

		Types:         []module.Signature{f, {}, sig([]abi.ValueType{abi.I32}, []abi.ValueType{abi.I32})},
		FunctionTypes: []uint32{0, 1, 2},
	}, m)

	l, ok := m.Memory()
	assert.True(t, ok)
	assert.Equal(t, uint64(3), l.Min)
	_, ok = m.Export("no such")
	assert.False(t, ok)

	m, err = module.Read(moduletest.Spec{}.Encode())
	require.NoError(t, err)
	_, ok = m.Memory()
	assert.False(t, ok)
}

// assertSections checks that the sections are all of wasm after its preamble.
func assertSections(t *testing.T, wasm []byte, m *module.Module) {
	t.Helper()
	var ids []byte
	end := 8
	for _, s := range m.Sections {
		ids = append(ids, s.ID)
		assert.Equal(t, end, s.Start)
		assert.Equal(t, s.ID, wasm[s.Start])
		assert.Equal(t, s.End-s.Begin, s.Scanner(wasm).Rest())
		end = s.End
	}
	assert.Equal(t, []byte{1, 2, 3, 5, 7, 8, 10, 0, 0}, ids)
	assert.Equal(t, len(wasm), end)
}

// A module of two memories is well-formed: which one is "memory" is the export's word.
func TestMemoryIsTheExportedOne(t *testing.T) {
	s := moduletest.Spec{
		Imports:  []module.Import{{Module: "env", Name: "m", Kind: module.Memory}},
		Memories: []module.Limits{{Min: 7}},
		Exports:  []module.Export{{Name: "memory", Kind: module.Memory, Index: 1}},
	}
	m, err := module.Read(s.Encode())
	require.NoError(t, err)
	l, ok := m.Memory()
	require.True(t, ok)
	assert.Equal(t, module.Limits{Min: 7}, l)
	assert.Equal(t, module.Limits{Min: 1, Imported: true}, m.Memories[0])
}

func TestReadPreamble(t *testing.T) {
	for _, c := range []struct{ wasm, want string }{
		{"", "the file is empty"},
		{"#!/bin/sh\n", `it begins with "#!/b"`},
		{"\x7fELF\x02\x01\x01\x00", `it begins with "\x7fELF"`},
		{"MZ", `it begins with "MZ"`},
		{"(module)", "text form"},
	} {
		_, err := module.Read([]byte(c.wasm))
		require.ErrorIs(t, err, module.ErrNotWasm, "%q", c.wasm)
		assert.ErrorContains(t, err, c.want)
	}
	_, err := module.Read([]byte("\x00asm\x0d\x00\x01\x00"))
	require.ErrorIs(t, err, module.ErrComponent)
	assert.NotErrorIs(t, err, module.ErrNotWasm)
	_, err = module.Read([]byte("\x00asm\x02\x00\x00\x00"))
	assert.ErrorContains(t, err, "version 2 of layer 0 is not supported")
}

func TestReadMalformed(t *testing.T) {
	section, vector, name := moduletest.Section, moduletest.Vector, moduletest.Name
	emptyType := section(1, vector([]byte{0x60, 0, 0}))
	for _, c := range []struct {
		title string
		wasm  []byte // after the preamble
		want  string
	}{
		{"section number", []byte{14, 0}, "byte 8: unknown section 14"},
		{"no section size", []byte{1}, "byte 9, in the type section: truncated"},
		{"section cut", []byte{1, 9, 1}, "byte 10, in the type section: truncated: 9 bytes announced, 1 left"},
		{"section order", slices.Concat(section(3, vector()), emptyType), "type section: out of order or repeated"},
		{"section repeated", slices.Concat(emptyType, emptyType), "byte 14, in the type section: out of order"},
		{"bytes after the last entry", section(1, append(vector(), 1, 2)), "byte 11, in the type section: 2 bytes too many"},
		{"number too long", []byte{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0}, "number of more than 32 bits"},
		{"number too large", []byte{1, 0xff, 0xff, 0xff, 0xff, 0x1f}, "number of more than 32 bits"},
		{"more entries than bytes", section(1, []byte{2, 0x60, 0, 0}), "truncated: 2 types announced in 3 bytes"},
		{"very many entries", section(1, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}), "4294967295 types, more than the limit of 1000000"},
		{"structure type", section(1, vector([]byte{0x5f, 0, 0})), "type of form 0x5f is not supported"},
		{"value type", section(1, vector([]byte{0x60, 1, 0x63, 0})), "byte 13, in the type section: value of type 0x63 is not supported"},
		{"import of no kind", section(2, vector(slices.Concat(name("a"), name("b"), []byte{5, 0}))), "import of kind 0x5"},
		{"import of no type", section(2, vector(slices.Concat(name("a"), name("b"), []byte{0, 0}))), "there is no type 0"},
		{"name cut", section(2, vector(slices.Concat([]byte{9}, []byte("a"), name("b"), []byte{0, 0}))), "truncated: 9 bytes announced"},
		{"name not UTF-8", section(2, vector(slices.Concat(name("\xff"), name("b"), []byte{0, 0}))), "name is not UTF-8"},
		{"global neither mutable nor not", section(2, vector(slices.Concat(name("a"), name("b"), []byte{3, 0x7f, 2}))), "mutability of a global is 0x2"},
		{"tag attribute", section(13, vector([]byte{1, 0})), "tag with attribute 0x1"},
		{"function of no type", section(3, vector([]byte{0})), "there is no type 0"},
		{"table of numbers", section(4, vector([]byte{0x7f, 0, 0})), "table of type 0x7f"},
		{"memory of form 8", section(5, vector([]byte{8, 0})), "limits of form 0x8"},
		{"memory limits reversed", section(5, vector([]byte{1, 2, 1})), "maximum 1 is less than minimum 2"},
		{"memory too large", section(5, vector([]byte{0, 0x81, 0x80, 0x04})), "memory of more than 65536 pages"},
		{"export of nothing", section(7, vector(slices.Concat(name("a"), []byte{0, 0}))), "export a is function 0 of 0"},
		{"export of no kind", section(7, vector(slices.Concat(name("a"), []byte{9, 0}))), "export of kind 0x9"},
		{
			"export repeated", slices.Concat(section(5, vector([]byte{0, 1})), section(7, vector(slices.Concat(name("a"), []byte{2, 0}), slices.Concat(name("a"), []byte{2, 0})))),
			"export a is repeated",
		},
		{"start of nothing", section(8, []byte{0}), "there is no function 0"},
		{"no bodies", slices.Concat(emptyType, section(3, vector([]byte{0}))), "in the code section: 1 functions declared, 0 there"},
		{"custom section without a name", section(0, nil), "in the custom section: truncated"},
	} {
		t.Run(c.title, func(t *testing.T) {
			_, err := module.Read(append([]byte("\x00asm\x01\x00\x00\x00"), c.wasm...))
			var format *module.FormatError
			require.ErrorAs(t, err, &format)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

// A prefix of a module is an error, and never a panic, wherever it is cut: but between sections.
func TestReadCut(t *testing.T) {
	wasm := specWithAll().Encode()
	boundaries := map[int]bool{}
	for pos := 8; pos < len(wasm); pos += 2 + int(wasm[pos+1]) { // sizes of less than 128
		boundaries[pos] = true
	}
	require.Len(t, boundaries, 9)
	for cut := 1; cut < len(wasm); cut++ {
		_, err := module.Read(wasm[:cut])
		if !boundaries[cut] {
			assert.Error(t, err, "cut at %d", cut)
		}
	}
}

func TestReadKeepsNoBytes(t *testing.T) {
	wasm := specWithAll().Encode()
	m, err := module.Read(wasm)
	require.NoError(t, err)
	clear(wasm)
	assert.Equal(t, "env", m.Imports[0].Module)
	assert.Equal(t, "Go", m.Producers[0].Name)
	assert.Equal(t, "tiny", m.Name)
}

// Notes of tools that are malformed are not errors of the module.
func TestReadBadNotes(t *testing.T) {
	for _, c := range []moduletest.Custom{
		{Name: "name"}, {Name: "name", Data: []byte{0}}, {Name: "name", Data: []byte{0, 9, 9}}, {Name: "name", Data: []byte{1, 1, 0}},
		{Name: "producers"}, {Name: "producers", Data: []byte{9}}, {Name: "producers", Data: []byte{1, 1, 'x', 9}},
		{Name: "producers", Data: []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
	} {
		m, err := module.Read(moduletest.Spec{Custom: []moduletest.Custom{c}}.Encode())
		require.NoError(t, err, "%q", c)
		assert.Empty(t, m.Name)
		assert.Empty(t, m.Producers)
	}
}

func TestProducersAreBounded(t *testing.T) {
	var entries [][]byte
	for i := range 20 {
		entries = append(entries, slices.Concat(moduletest.Name(fmt.Sprint("tool ", i)), moduletest.Name("1")))
	}
	field := slices.Concat(moduletest.Name("processed-by"), moduletest.Vector(entries...))
	s := moduletest.Spec{Custom: []moduletest.Custom{{Name: "producers", Data: moduletest.Vector(field, field)}}}
	m, err := module.Read(s.Encode())
	require.NoError(t, err)
	assert.Len(t, m.Producers, 32)
}

func TestScannerInt(t *testing.T) {
	for _, c := range []struct {
		bits  int
		bytes []byte
		want  int64
	}{
		{32, []byte{0}, 0},
		{32, []byte{0x3f}, 63},
		{32, []byte{0x40}, -64},
		{32, []byte{0xff, 0x7e}, -129},
		{32, []byte{0x80, 0x80, 0x80, 0x80, 0}, 0},
		{32, []byte{0xff, 0xff, 0xff, 0xff, 0x07}, math.MaxInt32},
		{32, []byte{0x80, 0x80, 0x80, 0x80, 0x78}, math.MinInt32},
		{33, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, math.MaxUint32},
		{33, []byte{0x40}, -64},
		{64, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}, math.MaxInt64},
		{64, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}, math.MinInt64},
		{64, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, -1},
	} {
		s := module.Scanner{Data: c.bytes}
		assert.Equal(t, c.want, s.Int(c.bits), "%x", c.bytes)
		require.NoError(t, s.Err, "%x", c.bytes)
		assert.Zero(t, s.Rest())
	}
	for _, c := range []struct {
		bits  int
		bytes []byte
		want  string
	}{
		{32, []byte{0x80}, "truncated"},
		{32, []byte{0xff, 0xff, 0xff, 0xff, 0x0f}, "number of more than 32 bits"},
		{32, []byte{0x80, 0x80, 0x80, 0x80, 0x70}, "number of more than 32 bits"},
		{32, []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0}, "number of more than 32 bits"},
		{33, []byte{0x80, 0x80, 0x80, 0x80, 0x20}, "number of more than 33 bits"},
		{64, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, "number of more than 64 bits"},
	} {
		s := module.Scanner{Data: c.bytes}
		assert.Zero(t, s.Int(c.bits), "%x", c.bytes)
		assert.ErrorContains(t, s.Err, c.want, "%x", c.bytes)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(specWithAll().Encode())
	f.Add(moduletest.Handler().Encode())
	f.Add([]byte("\x00asm\x0d\x00\x01\x00"))
	f.Fuzz(func(t *testing.T, wasm []byte) {
		before := bytes.Clone(wasm)
		m, err := module.Read(wasm)
		if !bytes.Equal(before, wasm) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			if m != nil || err.Error() == "" {
				t.Fatal("a module with an error, or an error without a text")
			}
			return
		}
		// What was read can be asked about and shown.
		for _, err := range []error{m.CheckHandler(), m.CheckStack()} {
			if err != nil && len(err.Error()) > 16<<10 {
				t.Fatalf("a message of %d bytes", len(err.Error()))
			}
		}
		m.Memory()
	})
}
