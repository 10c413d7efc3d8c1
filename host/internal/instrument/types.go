package instrument

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// functionType begins the type of a function.
const functionType = 0x60

// planTypes finds out which types are to be added.
func (r *rewriter) planTypes() {
	if r.config.Meter {
		r.tickType = r.typeOf(module.Signature{})
	}
	if r.config.CallDepth == 0 {
		return
	}
	r.blockTypes = make([]uint32, len(r.module.Types))
	for _, t := range r.module.FunctionTypes[r.imported:] {
		if results := r.module.Types[t].Results; len(results) > 1 && r.blockTypes[t] == 0 {
			// A type that is added is never the first: one with results is there already.
			r.blockTypes[t] = r.addType(module.Signature{Results: results})
		}
	}
}

// typeOf returns the index of a type, which is added if the module has not got it.
func (r *rewriter) typeOf(t module.Signature) uint32 {
	for i, have := range r.module.Types {
		if have.Equal(t) {
			return uint32(i)
		}
	}
	return r.addType(t)
}

func (r *rewriter) addType(t module.Signature) uint32 {
	b := appendValues([]byte{functionType}, t.Params)
	r.types = append(r.types, appendValues(b, t.Results))
	return uint32(len(r.module.Types) + len(r.types) - 1)
}

func appendValues(b []byte, types []abi.ValueType) []byte {
	b = opcode.AppendUint(b, len(types))
	for _, t := range types {
		b = append(b, byte(t))
	}
	return b
}

// appendBlockType appends the type of a block that has the results of a function.
func (r *rewriter) appendBlockType(b []byte, function int) []byte {
	t := r.module.FunctionTypes[function]
	switch results := r.module.Types[t].Results; len(results) {
	case 0:
		return append(b, opcode.NoType)
	case 1:
		return append(b, byte(results[0]))
	default:
		return opcode.AppendInt(b, int64(r.blockTypes[t])) // signed, because the above are negative
	}
}

func (r *rewriter) addedTypes() int { return len(r.types) }

func (r *rewriter) writeTypes(s *module.Scanner, _ int) {
	r.copyRest(s)
	for _, t := range r.types {
		r.out = append(r.out, t...)
	}
}
