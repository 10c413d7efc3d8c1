// Package datasegment joins the data segments of WebAssembly modules. Go's linker leaves out zeros, and so makes ten thousands of
// segments of some bytes each. An engine decodes and validates them one by one when it loads a module, and copies them one by one into each instance.
//
// Nobody can tell a module from its original: segments are joined only if all of them are active, lie within the memory that the module itself has from the start,
// and no two would write to the same place. Bytes are hostile: what is not understood is left as it is.
package datasegment

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// Version is that of what Join makes of a module: it changes with each change of that, for those who keep the results.
const Version = 1

const (
	sectionData      = 11
	sectionDataCount = 12 // there is one if code may use segments by their index
)

// Join returns a module that does the same as wasm with fewer segments, or wasm itself; wasm is not changed. The result is at most
// twice as large. The same bytes give the same result.
func Join(wasm []byte) []byte {
	m, err := module.Read(wasm)
	if err != nil || len(m.Memories) != 1 || m.Memories[0].Imported {
		return wasm
	}
	var data module.Section
	for _, section := range m.Sections {
		switch section.ID {
		case sectionDataCount:
			return wasm
		case sectionData:
			data = section
		}
	}
	if data.ID == 0 {
		return wasm
	}
	runs := readRuns(data.Scanner(wasm), m.Memories[0].Min*module.PageSize)
	if runs == nil || !disjoint(runs) {
		return wasm
	}
	content := encode(runs)
	out := make([]byte, 0, len(wasm)-(data.End-data.Begin)+len(content))
	out = append(out, wasm[:data.Start]...)
	out = opcode.AppendSection(out, sectionData, content)
	return append(out, wasm[data.End:]...)
}

// encode returns the content of a section with a segment for each run.
func encode(runs []run) []byte {
	out := opcode.AppendUint(nil, len(runs))
	for _, r := range runs {
		out = append(out, segmentActive, opcode.I32Const)
		out = opcode.AppendInt(out, int64(int32(uint32(r.at))))
		out = append(out, opcode.End)
		out = opcode.AppendUint(out, len(r.data))
		out = append(out, r.data...)
	}
	return out
}
