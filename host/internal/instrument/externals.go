package instrument

import (
	"github.com/portholehttp/porthole/host/internal/opcode"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/host/internal/module"
)

// checkNames refuses a module that could pass for the host, or be passed for it.
func (r *rewriter) checkNames() error {
	for _, i := range r.module.Imports {
		name := module.Printable(i.Module) + "." + module.Printable(i.Name)
		switch {
		case i.Module == TickModule:
			return refuse(RuleReserved, "import "+name)
		case i.Kind != module.Func:
			return refuse(RuleImport, i.Kind.String()+" "+name)
		}
	}
	for _, e := range r.module.Exports {
		if e.Name == FuelExport || e.Name == DepthExport || strings.HasPrefix(e.Name, GlobalExport) {
			return refuse(RuleReserved, "export "+module.Printable(e.Name))
		}
	}
	return nil
}

func (r *rewriter) addedImports() int {
	if r.config.Meter {
		return 1
	}
	return 0
}

// writeImports adds tick as the last import, so that those before it keep their indices.
func (r *rewriter) writeImports(s *module.Scanner, _ int) {
	r.copyRest(s)
	if r.config.Meter {
		r.out = appendName(r.out, TickModule)
		r.out = appendName(r.out, TickName)
		r.out = append(r.out, byte(module.Func))
		r.out = opcode.AppendUint(r.out, r.tickType)
	}
}

func (r *rewriter) addedExports() int { return r.addedGlobals() + len(r.mutable) }

func (r *rewriter) writeExports(s *module.Scanner, n int) {
	for range n {
		begin := s.Pos
		s.Name()
		kind := s.Byte()
		r.out = append(r.out, s.Data[begin:s.Pos]...)
		index := s.U32()
		if module.Kind(kind) == module.Func {
			index = r.moved(index)
		}
		r.out = opcode.AppendUint(r.out, index)
	}
	if r.config.Meter {
		r.exportGlobal(FuelExport, r.fuel)
	}
	if r.config.CallDepth > 0 {
		r.exportGlobal(DepthExport, r.depth)
	}
	for i, index := range r.mutable {
		r.exportGlobal(GlobalExport+strconv.Itoa(i), index)
	}
}

func (r *rewriter) exportGlobal(name string, index uint32) {
	r.out = appendName(r.out, name)
	r.out = append(r.out, byte(module.Global))
	r.out = opcode.AppendUint(r.out, index)
}
