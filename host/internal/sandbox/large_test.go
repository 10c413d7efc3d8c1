package sandbox_test

import "encoding/binary"

// large returns a module of so many functions, each with work for a compiler, of which the first traps and is exported as "trap".
// names is the contents of the section "name", if there is to be one.
func large(functions, work int, names []byte) []byte {
	trap := []byte{0, 0, 0x0b} // no locals; unreachable
	body := []byte{0}
	for range work {
		body = append(body, 0x20, 0, 0x20, 0, 0x6c, 0x20, 0, 0x6a, 0x21, 0) // x = x*x + x
	}
	body = append(body, 0x20, 0, 0x0b)
	types := []byte{2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0} // i32 to i32, and nothing to nothing
	declared := append(uvarint(nil, functions), 1)
	code := sized(uvarint(nil, functions), trap)
	for range functions - 1 {
		declared = append(declared, 0)
		code = sized(code, body)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = sized(append(out, 1), types)
	out = sized(append(out, 3), declared)
	out = sized(append(out, 5), []byte{1, 0, 1})
	out = sized(append(out, 7), []byte("\x02\x06memory\x02\x00\x04trap\x00\x00"))
	out = sized(append(out, 10), code)
	if names != nil {
		out = sized(append(out, 0), append([]byte("\x04name"), names...))
	}
	return out
}

func uvarint(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// sized appends content after its size.
func sized(b, content []byte) []byte { return append(uvarint(b, len(content)), content...) }
