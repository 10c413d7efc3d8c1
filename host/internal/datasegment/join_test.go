package datasegment_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/host/internal/datasegment"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
	"github.com/portholehttp/porthole/host/internal/opcode"
	"github.com/portholehttp/porthole/wasm"
)

// segment is one of data. form is that of the binary format.
type segment struct {
	form byte
	at   int32
	data string
}

// with returns a module with a memory of one page, that is exported, and segments.
func with(segments ...segment) []byte {
	content := opcode.AppendUint(nil, len(segments))
	for _, s := range segments {
		content = append(content, s.form)
		if s.form == 2 {
			content = append(content, 0) // the memory
		}
		if s.form != 1 {
			content = opcode.AppendInt(append(content, opcode.I32Const), int64(s.at))
			content = append(content, opcode.End)
		}
		content = append(opcode.AppendUint(content, len(s.data)), s.data...)
	}
	spec := moduletest.Spec{
		Memories: []module.Limits{{Min: 1}},
		Exports:  []module.Export{{Name: "memory", Kind: module.Memory}},
	}
	return append(spec.Encode(), moduletest.Section(11, content)...)
}

// count returns how many segments a module has.
func count(t *testing.T, wasm []byte) int {
	t.Helper()
	m, err := module.Read(wasm)
	require.NoError(t, err)
	for _, section := range m.Sections {
		if section.ID == 11 {
			return int(section.Scanner(wasm).U32())
		}
	}
	return 0
}

// memory returns what an instance begins with, nil if there can be none.
func memory(t *testing.T, wasm []byte) []byte {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { require.NoError(t, r.Close(ctx)) }()
	m, err := r.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		return nil
	}
	b, _ := m.Memory().Read(0, m.Memory().Size())
	return b
}

func TestJoin(t *testing.T) {
	far := string(bytes.Repeat([]byte{'f'}, 64)) // so that there is room for zeros
	for name, test := range map[string]struct {
		segments []segment
		want     int
	}{
		"none":                     {nil, 0},
		"one":                      {[]segment{{0, 1, "a"}}, 1},
		"that touch":               {[]segment{{0, 1, "a"}, {0, 2, "b"}}, 1},
		"with a gap":               {[]segment{{0, 1, "a"}, {0, 9, "b"}}, 1},
		"with the largest gap":     {[]segment{{0, 0, far}, {0, 96, "b"}}, 1},
		"with a larger gap":        {[]segment{{0, 0, far}, {0, 97, "b"}}, 2},
		"in two places":            {[]segment{{0, 2000, "a"}, {0, 2008, "b"}, {0, 1000, "c"}, {0, 1008, "d"}}, 2},
		"in descending order":      {[]segment{{0, 30, "a"}, {0, 20, "b"}, {0, 10, "c"}}, 3},
		"an empty one":             {[]segment{{0, 1, "a"}, {0, 3, ""}, {0, 5, "b"}}, 1},
		"to the end of the memory": {[]segment{{0, 65520, "a"}, {0, 65528, "12345678"}}, 1},
		"beyond the memory":        {[]segment{{0, 65520, "a"}, {0, 65529, "12345678"}}, 2},
		"an empty one beyond":      {[]segment{{0, 1, "a"}, {0, 2, "b"}, {0, 65537, ""}}, 3},
		"with a negative offset":   {[]segment{{0, 1, "a"}, {0, 2, "b"}, {0, -1, "c"}}, 3},
		"that overlap":             {[]segment{{0, 1, "abc"}, {0, 2, "d"}}, 2},
		"one in a gap":             {[]segment{{0, 80, "x"}, {0, 0, far}, {0, 90, "b"}}, 3},
		"one over a gap":           {[]segment{{0, 0, far}, {0, 90, "b"}, {0, 80, "x"}}, 3},
		"that are passive":         {[]segment{{0, 1, "a"}, {0, 2, "b"}, {1, 0, "c"}}, 3},
		"of a memory by its index": {[]segment{{0, 1, "a"}, {0, 2, "b"}, {2, 3, "c"}}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			before := with(test.segments...)
			input := bytes.Clone(before)
			after := datasegment.Join(input)
			assert.Equal(t, before, input, "it was changed")
			assert.Equal(t, test.want, count(t, after))
			assert.Equal(t, memory(t, before), memory(t, after))
		})
	}
}

// A module whose code may use segments by their index keeps them, as does one whose memory may have something in it already.
func TestModulesThatAreLeftAsTheyAre(t *testing.T) {
	two := with(segment{0, 1, "a"}, segment{0, 2, "b"})
	m, err := module.Read(two)
	require.NoError(t, err)
	data := two[m.Sections[len(m.Sections)-1].Start:]
	counted := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), moduletest.Section(5, []byte{1, 0, 1}), moduletest.Section(12, []byte{2}), data)
	imported := moduletest.Spec{Imports: []module.Import{{Module: "m", Name: "memory", Kind: module.Memory}}}.Encode()
	imported = append(imported, data...)
	for _, wasm := range [][]byte{counted, imported, two[:len(two)-1], append(bytes.Clone(two), 0), nil} {
		assert.Equal(t, wasm, datasegment.Join(wasm))
	}
	require.Equal(t, 2, count(t, counted))
	require.Equal(t, 2, count(t, imported))
}

// Any segments make the same memory, or none, and no module grows out of proportion.
func TestMemoryIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	joined := 0
	for range 300 {
		segments := make([]segment, r.IntN(12))
		at := r.IntN(1000)
		for i := range segments {
			if r.IntN(8) == 0 {
				at = r.IntN(1100)
			}
			data := make([]byte, r.IntN(40))
			for j := range data {
				data[j] = byte(r.Uint32())
			}
			segments[i] = segment{0, int32(at), string(data)}
			at += len(data) + r.IntN(100)
		}
		before := with(segments...)
		after := datasegment.Join(before)
		require.True(t, bytes.Equal(memory(t, before), memory(t, after)), "%v", segments)
		require.LessOrEqual(t, len(after), 2*len(before))
		if count(t, after) < count(t, before) {
			joined++
		}
	}
	assert.Greater(t, joined, 50)
}

// Bytes that are far apart are not paid for with more zeros than there were bytes.
func TestModuleStaysInProportion(t *testing.T) {
	var segments []segment
	for at := range 1000 {
		segments = append(segments, segment{0, int32(33 * at), "x"})
	}
	before := with(segments...)
	after := datasegment.Join(before)
	assert.LessOrEqual(t, len(after), 2*len(before))
	assert.Less(t, count(t, after), 1000)
	assert.True(t, bytes.Equal(memory(t, before), memory(t, after)), "memory differs")
}

func TestGoGuest(t *testing.T) {
	after := datasegment.Join(wasm.Stack)
	assert.Greater(t, count(t, wasm.Stack), 20_000)
	assert.Less(t, count(t, after), 200)
	assert.Less(t, len(after), len(wasm.Stack)*6/5)
}

// What is made of these segments changes only with the version. If this fails increase Version, and set the hash to the one that it says.
func TestVersion(t *testing.T) {
	far := string(make([]byte, 64))
	sum := sha256.Sum256(datasegment.Join(with(segment{0, 1, "a"}, segment{0, 10, far}, segment{0, 106, "b"}, segment{0, 140, "c"})))
	assert.Equal(t, 1, datasegment.Version)
	assert.Equal(t, "78e22e63621af71a", hex.EncodeToString(sum[:8]))
}
