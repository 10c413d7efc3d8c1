package module_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

func TestContractsMet(t *testing.T) {
	handler := moduletest.Handler()
	for _, f := range module.WASI {
		handler.Imports = append(handler.Imports, module.Import{Module: f.Module, Name: f.Name, Type: sig(f.Params, f.Results)})
	}
	assert.NoError(t, module.CheckHandler(handler.Encode()))
	handler.Without("_initialize") // a handler needs none
	assert.NoError(t, module.CheckHandler(handler.Encode()))

	assert.NoError(t, module.CheckStack(moduletest.Stack().Encode()))
}

func TestExtraImports(t *testing.T) {
	lookUp := abi.Function{Module: "embedder", Name: "look_up", Params: []abi.ValueType{abi.I32}, Results: []abi.ValueType{abi.I64}}
	s := moduletest.Handler()
	s.Imports = append(s.Imports, module.Import{Module: "embedder", Name: "look_up", Type: sig(lookUp.Params, lookUp.Results)})
	assert.NoError(t, module.CheckHandler(s.Encode(), lookUp))
	assert.ErrorContains(t, module.CheckHandler(s.Encode()), "import embedder.look_up: there is no such module", "it is not kept for the next")

	lookUp.Name = "put"
	assert.ErrorContains(t, module.CheckHandler(s.Encode(), lookUp), "import embedder.look_up: there is no such function")
	lookUp.Name, lookUp.Results = "look_up", nil
	assert.ErrorContains(t, module.CheckHandler(s.Encode(), lookUp), "import embedder.look_up: is (i32) -> i64, must be (i32)")
}

func TestCheckReadsFirst(t *testing.T) {
	assert.ErrorIs(t, module.CheckHandler([]byte("MZ")), module.ErrNotWasm)
	assert.ErrorIs(t, module.CheckStack([]byte("MZ")), module.ErrNotWasm)
}

func TestHandlerFaults(t *testing.T) {
	i32, i64 := abi.I32, abi.I64
	imported := func(mod, name string, kind module.Kind) func(*moduletest.Spec) {
		return func(s *moduletest.Spec) {
			s.Imports = append(s.Imports, module.Import{Module: mod, Name: name, Kind: kind})
		}
	}
	for _, c := range []struct {
		title  string
		change func(*moduletest.Spec)
		want   []string
	}{
		{"unknown module", imported("env", "abort", module.Func), []string{"import env.abort: there is no such module, only porthole_http_1, wasi_snapshot_preview1"}},
		{"unknown function", imported(abi.ModuleHTTP, "response_fly", module.Func), []string{"import porthole_http_1.response_fly: there is no such function"}},
		{"the stack's function", imported(abi.ModuleHTTP, "event_emit", module.Func), []string{"import porthole_http_1.event_emit: there is no such function"}},
		{"the stack's module", imported(abi.ModuleSock, "clock_now", module.Func), []string{"import porthole_sock_1.clock_now: sockets are for the stack only"}},
		{"a later version", imported("porthole_http_2", "response_send", module.Func), []string{"import porthole_http_2.response_send: this host speaks porthole_http_1"}},
		{"another WASI", imported("wasi:cli/run@0.2.0", "run", module.Func), []string{"import wasi:cli/run@0.2.0.run: of WASI there is preview 1 only, wasi_snapshot_preview1"}},
		{"WASI with sockets", imported(module.ModuleWASI, "sock_open", module.Func), []string{"import wasi_snapshot_preview1.sock_open: there is no such function"}},
		{"imported memory", func(s *moduletest.Spec) {
			s.Imports = append(s.Imports, module.Import{Module: "env", Name: "memory", Kind: module.Memory})
			s.Memories = nil
		}, []string{"import env.memory: a memory is not provided, only functions are"}},
		{"imported table", imported("env", "table", module.Table), []string{"import env.table: a table is not provided, only functions are"}},
		{"imported global", imported(abi.ModuleHTTP, "response_send", module.Global), []string{"import porthole_http_1.response_send: a global is not provided, only functions are"}},
		{"signature of an import", func(s *moduletest.Spec) {
			s.Imports[2].Type = sig([]abi.ValueType{i32}, []abi.ValueType{i32, i64})
		}, []string{"import porthole_http_1.request_pause: is (i32) -> (i32, i64), must be (i64) -> i32"}},
		{"result of an import", func(s *moduletest.Spec) {
			s.Imports[2].Type.Results = nil
		}, []string{"import porthole_http_1.request_pause: is (i64), must be (i64) -> i32"}},
		{"missing export", func(s *moduletest.Spec) { s.Without("on_inbox") }, []string{"export on_inbox: missing"}},
		{"signature of an export", func(s *moduletest.Spec) {
			s.Function("on_event").Type.Params[2] = i32
		}, []string{"export on_event: is (i32, i32, i32, i32, i32), must be (i32, i32, i64, i32, i32)"}},
		{"export of another kind", func(s *moduletest.Spec) {
			s.Without("on_start")
			s.Exports = append(s.Exports, module.Export{Name: "on_start", Kind: module.Memory})
		}, []string{"export on_start: is a memory, must be a function"}},
		{"signature of the start", func(s *moduletest.Spec) {
			s.Function("_initialize").Type.Params = []abi.ValueType{i32}
		}, []string{"export _initialize: is (i32), must be ()"}},
		{"a command", func(s *moduletest.Spec) {
			s.Function("_initialize").Export = "_start"
		}, []string{"export _start: the module was built as a command; build it as a reactor (Go: -buildmode=c-shared)"}},
		{"no memory", func(s *moduletest.Spec) {
			s.Memories, s.Exports = nil, nil
		}, []string{"export memory: the module has no memory"}},
		{"memory not exported", func(s *moduletest.Spec) { s.Exports = nil }, []string{"export memory: missing"}},
		{"memory of another kind", func(s *moduletest.Spec) {
			s.Exports = []module.Export{{Name: "memory", Kind: module.Func}}
		}, []string{"export memory: is a function, must be a memory"}},
		{"shared memory", func(s *moduletest.Spec) {
			s.Memories[0] = module.Limits{Min: 1, Max: 1, HasMax: true, Shared: true}
		}, []string{"export memory: is shared between threads, which is not supported"}},
		{"memory of 64 bits", func(s *moduletest.Spec) { s.Memories[0].Wide = true }, []string{"export memory: is addressed by 64 bits, which is not supported"}},
		{"two memories", func(s *moduletest.Spec) {
			s.Memories = append(s.Memories, module.Limits{})
		}, []string{"export memory: the module has 2 memories, more than one is not supported"}},
		{"nothing at all", func(s *moduletest.Spec) { *s = moduletest.Spec{} }, []string{
			"export on_start: missing", "export on_inbox: missing", "export on_event: missing", "export memory: the module has no memory",
		}},
		{"several", func(s *moduletest.Spec) {
			imported("env", "abort", module.Func)(s)
			imported("env", "seed", module.Global)(s)
			s.Without("on_event")
		}, []string{
			"import env.abort: there is no such module, only porthole_http_1, wasi_snapshot_preview1",
			"import env.seed: a global is not provided, only functions are",
			"export on_event: missing",
		}},
	} {
		t.Run(c.title, func(t *testing.T) {
			s := moduletest.Handler()
			// A test may change a type in place: it must not be that of package abi.
			for i := range s.Functions {
				s.Functions[i].Type.Params = slices.Clone(s.Functions[i].Type.Params)
			}
			c.change(&s)
			err := module.CheckHandler(s.Encode())
			var contract *module.ContractError
			require.ErrorAs(t, err, &contract)
			assert.Equal(t, "handler", contract.Role)
			var got []string
			for _, f := range contract.Faults {
				got = append(got, f.String())
			}
			assert.Equal(t, c.want, got)
			assert.Equal(t, "not a handler: "+strings.Join(c.want, "; "), err.Error())
		})
	}
}

func TestStackFaults(t *testing.T) {
	s := moduletest.Stack()
	s.Without("_initialize")
	s.Without("on_turn")
	s.Imports = append(s.Imports, module.Import{Module: abi.ModuleHTTP, Name: "response_send"})
	assert.EqualError(t, module.CheckStack(s.Encode()),
		"not a stack: import porthole_http_1.response_send: there is no such function; export on_turn: missing; export _initialize: missing")
	assert.ErrorContains(t, module.CheckStack(moduletest.Handler().Encode()), "import porthole_http_1.response_send: there is no such function")
	assert.ErrorContains(t, module.CheckHandler(moduletest.Stack().Encode()), "sockets are for the stack only")
}

// A message stays one short line of plain text, however many and whatever names a module has.
func TestMessageIsBounded(t *testing.T) {
	s := moduletest.Handler()
	for i := range 500 {
		s.Imports = append(s.Imports, module.Import{Module: "\x1b[31m\n", Name: strings.Repeat("é", 500) + fmt.Sprint(i)})
	}
	err := module.CheckHandler(s.Encode())
	var contract *module.ContractError
	require.ErrorAs(t, err, &contract)
	assert.Len(t, contract.Faults, 500)
	text := err.Error()
	assert.Less(t, len(text), 16<<10)
	assert.Contains(t, text, "; and 488 more")
	assert.NotContains(t, text, "\n")
	assert.NotContains(t, text, "\x1b")
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"on_event": "on_event", "wasi:cli/run@0.2.0": "wasi:cli/run@0.2.0", "": `""`, "two words": "two words", " ": `" "`, "a ": `"a "`,
		"a\nb": `"a\nb"`, "é": `"\u00e9"`, `say "hi"`: `"say \"hi\""`, strings.Repeat("x", 80): strings.Repeat("x", 80),
		strings.Repeat("x", 81): strings.Repeat("x", 80) + "…",
	} {
		assert.Equal(t, want, module.Printable(name))
	}
}

// The table of WASI functions is what the engine exports, no more and no less.
func TestWASI(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { require.NoError(t, r.Close(ctx)) }()
	b := r.NewHostModuleBuilder(module.ModuleWASI)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	compiled, err := b.Compile(ctx)
	require.NoError(t, err)

	values := func(types []api.ValueType) []abi.ValueType {
		var v []abi.ValueType
		for _, t := range types {
			v = append(v, abi.ValueType(t))
		}
		return v
	}
	engine := map[string]string{}
	for name, f := range compiled.ExportedFunctions() {
		engine[name] = sig(values(f.ParamTypes()), values(f.ResultTypes())).String()
	}
	ours := map[string]string{}
	for _, f := range module.WASI {
		ours[f.Name] = sig(f.Params, f.Results).String()
	}
	assert.Equal(t, engine, ours)
}
