package instrument_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

func imported(from, name string, kind ...byte) []byte {
	return slices.Concat(moduletest.Name(from), moduletest.Name(name), kind)
}

func bodyOf(code ...byte) assembly {
	return assembly{
		types: [][]byte{functionType(0, 0)}, functions: []function{{code: code}}, memories: [][]byte{{0, 1}}, tables: [][]byte{{0x70, 0, 2}},
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		module assembly
		rule   instrument.Rule
		text   string
	}{
		{"import of the meter", assembly{types: [][]byte{functionType(0, 0)}, imports: [][]byte{imported("porthole_meter", "tick", 0, 0)}},
			instrument.RuleReserved, "import porthole_meter.tick"},
		{"import of a memory", assembly{imports: [][]byte{imported("a", "b", 2, 0, 1)}}, instrument.RuleImport, "memory a.b"},
		{"import of a table", assembly{imports: [][]byte{imported("a", "b", 1, 0x70, 0, 1)}}, instrument.RuleImport, "table a.b"},
		{"import of a global", assembly{imports: [][]byte{imported("a", "b", 3, 0x7f, 0)}}, instrument.RuleImport, "global a.b"},
		{"export of fuel", assembly{memories: [][]byte{{0, 1}}, exports: [][]byte{export("porthole_fuel", 2, 0)}}, instrument.RuleReserved, "export porthole_fuel"},
		{"export of depth", assembly{memories: [][]byte{{0, 1}}, exports: [][]byte{export("porthole_depth", 2, 0)}}, instrument.RuleReserved, "export porthole_depth"},
		{"export of a global", assembly{memories: [][]byte{{0, 1}}, exports: [][]byte{export("porthole_global_7", 2, 0)}}, instrument.RuleReserved, "export porthole_global_7"},
		{"memory", assembly{memories: [][]byte{{0, 101}}}, instrument.RuleMemory, "pages of memory at the start: 101, more than the limit of 100"},
		{"table", assembly{tables: [][]byte{{0x70, 0, 101}}}, instrument.RuleTable, "elements of a table at the start: 101, more than the limit of 100"},
		{"tail call", bodyOf(0x12, 0), instrument.RuleOpcode, "function 0: unknown instruction 0x12"},
		{"exception", bodyOf(0x06, 0x40), instrument.RuleOpcode, "0x6"},
		{"atomic", bodyOf(0xfe, 0, 2, 0), instrument.RuleOpcode, "0xfe"},
		{"misc", bodyOf(0xfc, 18), instrument.RuleOpcode, "0xfc 0x12"},
		{"vector without meaning", bodyOf(0xfd, 0x9a, 1), instrument.RuleOpcode, "0xfd 0x9a"},
		{"relaxed vector", bodyOf(0xfd, 0x80, 2), instrument.RuleOpcode, "0xfd 0x80 0x2"},
		{"vector of a padded number", bodyOf(0xfd, 0x8c, 0), instrument.RuleOpcode, "0xfd 0x8c 0x0"},
	} {
		_, err := instrument.Rewrite(c.module.encode(), instrument.Config{Meter: true, MemoryPages: 100, TableElements: 100})
		refusal, ok := errors.AsType[*instrument.Refusal](err)
		if assert.True(t, ok, "%s: %v", c.name, err) {
			assert.Equal(t, c.rule, refusal.Rule, c.name)
			assert.ErrorContains(t, err, c.text, c.name)
		}
	}
}

// Code that reaches for what is added, or that the two readers of a module, this one and the engine, could understand differently, is
// malformed.
func TestMalformed(t *testing.T) {
	for _, c := range []struct {
		name   string
		module assembly
		text   string
	}{
		{"reading fuel", bodyOf(0x23, 0, 0x1a), "there is no global 0"},
		{"setting fuel", bodyOf(0x42, 0, 0x24, 0), "there is no global 0"},
		{"calling behind the last function", bodyOf(0x10, 1), "there is no function 1"},
		{"a reference behind the last function", bodyOf(0xd2, 1, 0x1a), "there is no function 1"},
		{"the scratch local", bodyOf(0x20, 0, 0x1a), "there is no local 0"},
		{"a type that is added", bodyOf(0x02, 1, 0x0b), "there is no type 1"},
		{"the type of a call", bodyOf(0x41, 0, 0x11, 1, 0), "there is no type 1"},
		{"a table", bodyOf(0x41, 0, 0x25, 1, 0x1a), "there is no table 1"},
		{"a block type of two bytes", bodyOf(0x02, 0xff, 0x7f, 0x0b), "block of type -1"},
		{"a block type that is no type", bodyOf(0x02, 0x50, 0x0b), "block of type"},
		{"a label", bodyOf(0x0c, 1), "there is no block 1"},
		{"another memory", bodyOf(0x3f, 1, 0x1a), "memory 1"},
		{"another memory in the alignment", bodyOf(0x41, 0, 0x28, 0x42, 0, 0, 0x1a), "alignment"},
		{"a select of two types", bodyOf(0x1c, 2, 0x7f, 0x7f), "select of 2 types"},
		{"bytes after the end", bodyOf(0x0b, 0x01), "after the end of the function"},
		{"no end", bodyOf(0x02, 0x40), "truncated"},
		{"a constant of fuel", assembly{globals: [][]byte{{0x7e, 1, 0x23, 1, 0x0b}}}, "constant of a global"},
		{"a constant that is long", assembly{globals: [][]byte{{0x7f, 1, 0x41, 1, 0x41, 1, 0x0b}}}, "more than one instruction"},
		{"an element behind the last function", assembly{tables: [][]byte{{0x70, 0, 2}}, elements: [][]byte{{0, 0x41, 0, 0x0b, 1, 0}}}, "there is no function 0"},
	} {
		_, err := instrument.Rewrite(c.module.encode(), bounded)
		_, ok := errors.AsType[*module.FormatError](err)
		assert.True(t, ok, "%s: %v", c.name, err)
		assert.ErrorContains(t, err, c.text, c.name)
	}
}

// Small modules that a compiler would take many seconds or gigabytes for.
func TestBombs(t *testing.T) {
	const n = 20_000
	var setAll, globals [][]byte
	for i := range 2000 {
		setAll = append(setAll, slices.Concat([]byte{0x41, 0, 0x21}, number(i)))
		globals = append(globals, []byte{0x7f, 1, 0x41, 0, 0x0b})
	}
	wide := func(code []byte) assembly {
		return assembly{types: [][]byte{functionType(1000, 1000)}, functions: []function{{code: slices.Concat(repeat(1000, 0x41, 0), code)}}}
	}
	many := func(f function) assembly {
		return assembly{types: [][]byte{functionType(0, 0)}, functions: slices.Repeat([]function{f}, 1000)}
	}
	for _, c := range []struct {
		name   string
		module assembly
		rule   instrument.Rule
	}{
		{"locals", assembly{types: [][]byte{functionType(0, 0)}, functions: []function{{locals: [][]byte{locals(1<<31, 0x7f), locals(1<<31, 0x7f)}}}}, instrument.RuleLocals},
		{"locals around blocks", assembly{types: [][]byte{functionType(0, 0)}, functions: []function{{
			locals: [][]byte{locals(2000, 0x7f)}, code: slices.Concat(slices.Concat(setAll...), repeat(n/2, 0x02, 0x40, 0x20, 0, 0x0d, 0, 0x0b))}}}, instrument.RuleWork},
		{"values on the stack around blocks", bodyOf(slices.Concat(repeat(n, 0x41, 0), repeat(n/4, 0x02, 0x40, 0x41, 0, 0x0d, 0, 0x0b), repeat(n, 0x1a))...), instrument.RuleWork},
		{"nested blocks", bodyOf(slices.Concat(repeat(n, 0x02, 0x40), repeat(n, 0x0b))...), instrument.RuleNesting},
		{"blocks", bodyOf(repeat(2*n, 0x02, 0x40, 0x0b)...), instrument.RuleWork},
		{"loops", bodyOf(repeat(n, 0x03, 0x40, 0x0b)...), instrument.RuleWork},
		{"ifs", bodyOf(repeat(n, 0x41, 0, 0x04, 0x40, 0x0b)...), instrument.RuleWork},
		{"branches", bodyOf(repeat(n, 0x41, 0, 0x0d, 0)...), instrument.RuleWork},
		{"labels", bodyOf(slices.Concat([]byte{0x41, 0, 0x0e}, number(10*n), repeat(10*n+1, 0))...), instrument.RuleWork},
		{"calls of many values", wide(repeat(n, 0x10, 0)), instrument.RuleWork},
		{"blocks of many values", wide(repeat(n, 0x02, 0, 0x0b)), instrument.RuleWork},
		{"branches of many values", wide(repeat(n, 0x41, 0, 0x0d, 0)), instrument.RuleWork},
		{"labels of many values", wide(slices.Concat([]byte{0x41, 0, 0x0e}, number(n), repeat(n+1, 0))), instrument.RuleWork},
		{"globals around calls", assembly{types: [][]byte{functionType(0, 0)}, globals: globals, functions: []function{{code: repeat(n, 0x10, 0)}}}, instrument.RuleWork},
		{"many functions of many locals", many(function{locals: [][]byte{locals(4900, 0x7f)}}), instrument.RuleModuleWork},
		{"many functions of blocks", many(function{code: repeat(1000, 0x41, 0, 0x0d, 0)}), instrument.RuleModuleWork},
	} {
		_, err := instrument.Rewrite(c.module.encode(), instrument.Config{})
		refusal, ok := errors.AsType[*instrument.Refusal](err)
		if assert.True(t, ok, "%s: %v", c.name, err) {
			assert.Equal(t, c.rule, refusal.Rule, c.name)
			assert.Greater(t, refusal.Have, refusal.Limit, c.name)
		}
	}
}

// Counts that announce more than there is are no reason to allocate.
func TestAnnouncedSizes(t *testing.T) {
	const huge = "\xff\xff\xff\xff\x0f"
	for _, section := range []byte{1, 2, 3, 4, 5, 6, 7, 9, 10, 11} {
		_, err := instrument.Rewrite(slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), moduletest.Section(section, []byte(huge))), bounded)
		require.Error(t, err)
	}
	// The names are a note that is left out: the engine would allocate for them.
	a := bodyOf()
	a.custom = [][]byte{moduletest.Section(0, slices.Concat(moduletest.Name("name"), []byte{1, 5}, []byte(huge)))}
	for _, c := range []instrument.Config{{}, bounded} {
		m := rewrite(t, a.encode(), c)
		assert.NotContains(t, string(m.Wasm), huge)
		instantiate(t, m.Wasm)
	}
}
