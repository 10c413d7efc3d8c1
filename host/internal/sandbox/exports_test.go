package sandbox_test

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// exportGlobals exports the mutable globals of a module of Go, which are its first and whose initializers are one constant each.
func exportGlobals(wasm []byte) ([]byte, int) {
	const globalSection, exportSection = 6, 7
	out := bytes.NewBuffer(wasm[:8:8])
	globals := 0
	for in := wasm[8:]; len(in) > 0; {
		id := in[0]
		size, n := binary.Uvarint(in[1:])
		body := in[1+n : 1+n+int(size)]
		in = in[1+n+int(size):]
		switch id {
		case globalSection:
			globals = int(body[0])
		case exportSection:
			count, n := binary.Uvarint(body)
			more := binary.AppendUvarint(nil, count+uint64(globals))
			more = append(more, body[n:]...)
			for g := range globals {
				name := "porthole_global_" + strconv.Itoa(g)
				more = append(more, byte(len(name)))
				more = append(more, name...)
				more = append(more, 3, byte(g))
			}
			body = more
		}
		out.WriteByte(id)
		out.Write(binary.AppendUvarint(nil, uint64(len(body))))
		out.Write(body)
	}
	return out.Bytes(), globals
}
