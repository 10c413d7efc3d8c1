package module

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

const (
	memoryName     = "memory"
	initializeName = "_initialize"
	commandName    = "_start"
)

// contract is what a module must be to play a role.
type contract struct {
	role       string
	imports    []abi.Function // all that it may import
	exports    []abi.Function // all that it must export
	initialize bool           // it must be a reactor with a start of its own
}

var (
	handlerContract = contract{role: "handler", imports: slices.Concat(abi.HandlerImports, WASI), exports: abi.HandlerExports}
	stackContract   = contract{role: "stack", imports: slices.Concat(abi.StackImports, WASI), exports: abi.StackExports, initialize: true}
)

// CheckHandler reads wasm and checks it as Module.CheckHandler does.
func CheckHandler(wasm []byte, extra ...abi.Function) error {
	m, err := Read(wasm)
	if err != nil {
		return err
	}
	return m.CheckHandler(extra...)
}

// CheckStack reads wasm and checks it as Module.CheckStack does.
func CheckStack(wasm []byte) error {
	m, err := Read(wasm)
	if err != nil {
		return err
	}
	return m.CheckStack()
}

// CheckHandler returns a *ContractError with all that keeps m from being a handler, or nil. extra are functions that
// it may import besides those of the contract: an embedder's. How much memory it may have is for the caller to
// judge: see Memory.
func (m *Module) CheckHandler(extra ...abi.Function) error {
	c := handlerContract
	c.imports = slices.Concat(c.imports, extra)
	return m.check(&c)
}

// CheckStack returns a *ContractError with all that keeps m from being the stack, or nil.
func (m *Module) CheckStack() error { return m.check(&stackContract) }

func (m *Module) check(c *contract) error {
	e := &ContractError{Role: c.role}
	if _, command := m.Export(commandName); command {
		e.add("export "+commandName, "the module was built as a command; build it as a reactor (Go: -buildmode=c-shared)")
	}
	for _, i := range m.Imports {
		if reason := c.judgeImport(i); reason != "" {
			e.add("import "+Printable(i.Module)+"."+Printable(i.Name), reason)
		}
	}
	for _, f := range c.exports {
		e.add("export "+f.Name, m.judgeExport(f.Name, true, signatureOf(f)))
	}
	e.add("export "+initializeName, m.judgeExport(initializeName, c.initialize, Signature{}))
	e.add("export "+memoryName, m.judgeMemory())
	if len(e.Faults) > 0 {
		return e
	}
	return nil
}

func signatureOf(f abi.Function) Signature { return Signature{f.Params, f.Results} }

// judgeImport says why i is refused, or nothing.
func (c *contract) judgeImport(i Import) string {
	if i.Kind != Func {
		return fmt.Sprintf("a %s is not provided, only functions are", i.Kind)
	}
	known := false
	for _, f := range c.imports {
		if f.Module != i.Module {
			continue
		}
		known = true
		if f.Name != i.Name {
			continue
		}
		if want := signatureOf(f); !want.Equal(i.Type) {
			return wrongType(i.Type, want)
		}
		return ""
	}
	if known {
		return "there is no such function"
	}
	return c.judgeModule(i.Module)
}

// judgeModule says what is wrong with importing from a module of that name.
func (c *contract) judgeModule(name string) string {
	switch {
	case name == abi.ModuleSock:
		return "sockets are for the stack only"
	case strings.HasPrefix(name, "porthole_http_"):
		return "this host speaks " + abi.ModuleHTTP
	case strings.HasPrefix(name, "wasi"):
		return "of WASI there is preview 1 only, " + ModuleWASI
	}
	var modules []string
	for _, f := range c.imports {
		if !slices.Contains(modules, f.Module) {
			modules = append(modules, f.Module)
		}
	}
	return "there is no such module, only " + strings.Join(modules, ", ")
}

// judgeExport says what is wrong with the function exported as name, or nothing.
func (m *Module) judgeExport(name string, required bool, want Signature) string {
	e, ok := m.Export(name)
	switch {
	case !ok && required:
		return "missing"
	case !ok:
		return ""
	case e.Kind != Func:
		return fmt.Sprintf("is a %s, must be a function", e.Kind)
	case !want.Equal(e.Type):
		return wrongType(e.Type, want)
	}
	return ""
}

func wrongType(is, must Signature) string {
	return fmt.Sprintf("is %s, must be %s", is, must)
}

// judgeMemory says what is wrong with the memory, or nothing. An imported one is refused as an import.
func (m *Module) judgeMemory() string {
	e, ok := m.Export(memoryName)
	switch {
	case !ok && len(m.Memories) == 0:
		return "the module has no memory"
	case !ok:
		return "missing"
	case e.Kind != Memory:
		return fmt.Sprintf("is a %s, must be a memory", e.Kind)
	}
	switch l := m.Memories[e.Index]; {
	case l.Shared:
		return "is shared between threads, which is not supported"
	case l.Wide:
		return "is addressed by 64 bits, which is not supported"
	case len(m.Memories) > 1:
		return fmt.Sprintf("the module has %d memories, more than one is not supported", len(m.Memories))
	}
	return ""
}
