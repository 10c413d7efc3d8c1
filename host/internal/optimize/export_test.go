package optimize

import (
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// Tables returns how many functions of a module have a table of labels.
func Tables(wasm []byte) (n int) {
	m, err := module.Read(wasm)
	if err != nil {
		return 0
	}
	r := rewriter{wasm: wasm, module: m}
	r.plan(Config{})
	b := newBody(&r)
	r.eachBody(func(s *module.Scanner, index int) {
		b.start(s, index)
		has := false
		for ok := b.readLocals(); ok && s.Rest() > 0; {
			var i instruction
			i, ok = b.read()
			has = has || i.op == opcode.BrTable
		}
		if has {
			n++
		}
	})
	return n
}
