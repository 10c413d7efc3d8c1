package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/module"
)

// ModuleKind says what a module sets out to be, judged by its imports and exports.
type ModuleKind string

// The kinds of modules. Only a handler can be loaded.
const (
	KindHandler ModuleKind = "handler"
	KindStack   ModuleKind = "stack"        // what speaks HTTP: the host brings its own
	KindCommand ModuleKind = "WASI command" // a program with a main function
	KindOther   ModuleKind = "other module"
)

// Report is what Inspect finds out about a module. Names in it come from the module and may be anything;
// String makes them safe to print.
type Report struct {
	Kind      ModuleKind
	Name      string // from the module's name section; often empty
	Size      int    // of the binary, in bytes
	Producers []Producer
	Imports   []Symbol
	Exports   []Symbol
	Functions int      // defined, not imported
	Start     bool     // a start function runs before any export is called
	Memories  []Memory // a handler has one, exported as "memory"

	// Resettable reports whether an instance can be put back to its start, which makes Fresh cheap: only its memory and its
	// globals change. Another one is started anew for each request. It is set if there are no Faults.
	Resettable bool

	// Faults are all reasons why Runtime.Load would refuse the module with the default Config, each a
	// line that is safe to print. For the stack they are why it could not be the stack. None: it will do.
	Faults []string
}

// Producer is a tool that says it had part in making a module.
type Producer struct {
	Field   string // "language", "processed-by" or "sdk"
	Name    string
	Version string // may be empty
}

// Symbol is an import or an export of a module.
type Symbol struct {
	Module string // of an import; empty for an export
	Name   string
	Kind   string // "function", "memory", "table", "global" or "tag"
	Type   string // of a function, as in "(i32, i64) -> i32"
}

// Memory is a linear memory. Sizes are in pages of 64 KiB.
type Memory struct {
	MinPages, MaxPages uint64 // MaxPages is 0 if the module sets no maximum
	Imported           bool
}

// Loadable reports whether Runtime.Load would accept the module with the default Config.
func (r *Report) Loadable() bool { return r.Kind == KindHandler && len(r.Faults) == 0 }

// Inspect says what a module is and whether it can be a handler. Nothing of it is run, and only if its
// imports, exports and memory fit is the engine asked whether its code is valid, which ctx cannot interrupt.
// The error says why wasm is no module at all, or that ctx has ended.
func Inspect(ctx context.Context, wasm []byte) (*Report, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	m, err := module.Read(wasm)
	if err != nil {
		return nil, err
	}
	r := describe(m)
	r.Size = len(wasm)
	r.judge(m)
	if len(r.Faults) == 0 {
		if err := r.tryCode(ctx, wasm); err != nil {
			r.Faults = append(r.Faults, "code: "+strings.Join(strings.Fields(err.Error()), " "))
		}
	}
	return r, nil
}

// tryCode finds out whether the code would be refused, because it would cost the compiler out of proportion or is not valid.
func (r *Report) tryCode(ctx context.Context, wasm []byte) error {
	var limits Limits
	rewritten, err := instrument.Rewrite(wasm, instrument.Config(limits.compile()))
	if err != nil {
		return err
	}
	if err := validate(ctx, wasm); err != nil {
		return err
	}
	r.Resettable = rewritten.Resettable
	return nil
}

func describe(m *module.Module) *Report {
	r := &Report{Kind: kindOf(m), Name: m.Name, Functions: m.Functions, Start: m.Start}
	for _, p := range m.Producers {
		r.Producers = append(r.Producers, Producer(p))
	}
	for _, i := range m.Imports {
		r.Imports = append(r.Imports, symbol(i.Module, i.Name, i.Kind, i.Type))
	}
	for _, e := range m.Exports {
		r.Exports = append(r.Exports, symbol("", e.Name, e.Kind, e.Type))
	}
	for _, l := range m.Memories {
		r.Memories = append(r.Memories, Memory{l.Min, l.Max, l.Imported})
	}
	return r
}

func symbol(from, name string, kind module.Kind, t module.Signature) Symbol {
	s := Symbol{Module: from, Name: name, Kind: kind.String()}
	if kind == module.Func {
		s.Type = t.String()
	}
	return s
}

// kindOf goes by what only that kind has; a handler built as a command is still meant as a handler.
func kindOf(m *module.Module) ModuleKind {
	imports := func(name string) bool {
		return slices.ContainsFunc(m.Imports, func(i module.Import) bool { return i.Module == name })
	}
	exports := func(name string) bool {
		_, ok := m.Export(name)
		return ok
	}
	switch {
	case imports(abi.ModuleSock), exports("on_socket_data"):
		return KindStack
	case imports(abi.ModuleHTTP), exports("on_event"):
		return KindHandler
	case exports("_start"):
		return KindCommand
	}
	return KindOther
}

// judge collects the faults that show without looking at the code.
func (r *Report) judge(m *module.Module) {
	err, limit := m.CheckHandler(), uint64(DefaultMaxMemoryPages)
	if r.Kind == KindStack {
		err, limit = m.CheckStack(), DefaultMaxStackPages
	}
	var contract *module.ContractError
	if errors.As(err, &contract) {
		for _, f := range contract.Faults {
			r.Faults = append(r.Faults, f.String())
		}
	}
	if memory, ok := m.Memory(); ok && memory.Min > limit {
		r.Faults = append(r.Faults, fmt.Sprintf("export memory: begins with %s, more than the default limit of %s",
			pages(memory.Min), pages(limit)))
	}
}

// validate has the engine check the module's code. The interpreter does that without generating code.
func validate(ctx context.Context, wasm []byte) (err error) {
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { err = errors.Join(err, r.Close(ctx)) }()
	_, err = r.CompileModule(ctx, wasm)
	return err
}
