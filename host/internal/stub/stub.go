// Package stub makes the stub of a WebAssembly module: a module that declares the same, and whose functions have no code, as a stub library has the
// symbols of another. An engine that has the machine code of a module already needs no more of it, and reads, decodes and validates a tenth.
//
// The functions of a stub trap. It is only good for an engine that takes their machine code from elsewhere and cannot make it itself.
package stub

import (
	"crypto/sha256"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// Version is that of what Make makes of a module: it changes with each change of that, for those who keep the results.
const Version = 1

// Section is the name of the custom section of a stub with the SHA-256 of its module: distinct modules have distinct stubs.
const Section = "porthole:stub"

// Numbers of sections.
const (
	sectionCustom = 0
	sectionCode   = 10
)

// body is that of each function: its size, no locals, unreachable, end.
var body = []byte{3, 0, 0x00, opcode.End}

// Make returns the stub of a valid module, which is not changed. Of custom sections it keeps the names, which are in the text of traps. It returns the
// errors of module.Read.
func Make(wasm []byte) ([]byte, error) {
	m, err := module.Read(wasm)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(wasm)
	out := append([]byte(nil), wasm[:module.PreambleSize]...)
	for _, section := range m.Sections {
		switch section.ID {
		case sectionCode:
			content := opcode.AppendUint(nil, m.Functions)
			for range m.Functions {
				content = append(content, body...)
			}
			out = opcode.AppendSection(out, sectionCode, content)
		case sectionCustom:
			if section.Scanner(wasm).Name() == "name" {
				out = append(out, wasm[section.Start:section.End]...)
			}
		default:
			out = append(out, wasm[section.Start:section.End]...)
		}
	}
	content := append(opcode.AppendUint(nil, len(Section)), Section...)
	return opcode.AppendSection(out, sectionCustom, append(content, sum[:]...)), nil
}
