package sandbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/portholehttp/porthole/host/internal/instrument"
)

// CompileConfig says what is added to a guest so that the host can bound it. The zero value adds nothing: the guest is trusted to
// return from each call.
type CompileConfig struct {
	Meter         bool   // count what it computes: see Budget
	CallDepth     uint32 // the most nested calls; 0: as many as fit on a stack of some 80 MiB
	MemoryPages   uint32 // the most memory, in pages of 64 KiB; 0: EngineConfig.MemoryPages
	TableElements uint32 // the most elements of each table; 0: no bound
}

// compileHook is called when a compilation begins. It is for tests.
var compileHook = func() {}

// Compile compiles wasm, or takes it from the cache. name is what faults call the guest. The error is ErrNoMemory, an
// *instrument.Refusal, or what the compiler found.
//
// Compiling takes a second for a large module, and others of the engine have to wait for it: that bounds the memory it takes. The first
// module is compiled by all processors, later ones by one, which leaves the others to the guests that run. When ctx ends, Compile returns its cause at
// once. What it had begun goes on, as it cannot be interrupted, and is freed when it is done; so wasm must not be changed afterwards either.
func (e *Engine) Compile(ctx context.Context, name string, wasm []byte, c CompileConfig) (*Module, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case e.compiler <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	type result struct {
		module *Module
		err    error
	}
	done := make(chan result)
	e.compiling.Go(func() {
		defer func() { <-e.compiler }()
		m, err := e.compile(name, wasm, c)
		select {
		case done <- result{m, err}:
		case <-ctx.Done():
			if m != nil {
				_ = m.Close(context.Background()) // nobody wants it
			}
		}
	})
	select {
	case r := <-done:
		return r.module, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// compile does the work. The bytes are hostile: a bug of the compiler that they meet must not end the process.
func (e *Engine) compile(name string, wasm []byte, c CompileConfig) (m *Module, err error) {
	defer func() {
		if r := recover(); r != nil {
			m, err = nil, fmt.Errorf("compile: the compiler failed: %v", r)
		}
	}()
	key := codeKey{sha256.Sum256(wasm), c}
	made := e.share(key)
	if made == nil {
		if made, err = e.translate(wasm, key); err != nil {
			return nil, err
		}
		e.keep(made)
	}
	return &Module{name: name, engine: e, code: made}, nil
}

// translate makes code of a module's bytes, unless it is kept. One that is refused when it is optimized is judged as it is: it may be accepted, as it has less
// code, and what is wrong with it is told in the terms of its author.
func (e *Engine) translate(wasm []byte, k codeKey) (*code, error) {
	if made := e.restore(k); made != nil {
		return made, nil
	}
	compileHook()
	if m, err := e.rewrite(wasm, k.config); err == nil {
		if made, err := e.make(m, k); err == nil {
			return made, nil
		}
	}
	m, err := bound(wasm, k.config)
	if err != nil {
		return nil, err
	}
	return e.make(m, k)
}

// restore returns the code that is kept for a module, nil if there is none or it is not as it should be.
func (e *Engine) restore(k codeKey) *code {
	if e.stubs == nil {
		return nil
	}
	store := e.config.Store
	f := store.readStub(newStubKey(k, e.mostPages(k.config)))
	if f == nil {
		return nil
	}
	if have, err := takeFingerprint(filepath.Join(store.dir, f.name)); err != nil || have != f.code {
		return nil
	}
	compiled, err := compileRead(e.stubs, f.module.Wasm)
	if err != nil {
		return nil
	}
	made, _ := e.newCode(k, e.stubs, compiled, &f.module) // what is wrong with it is told when it is made
	store.used(f)
	return made
}

// make has a module compiled. If the code can be kept, it comes from there: so there is but one way for it to run.
func (e *Engine) make(m *instrument.Module, k codeKey) (_ *code, err error) {
	ctx := context.Background() // of the caller's, wazero looks at some values that are not the caller's to give
	if e.Modules() == 0 {
		ctx = experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0))
	}
	var unkept error
	if e.stubs != nil {
		store := e.config.Store
		if unkept = store.keep(ctx, newStubKey(k, e.mostPages(k.config)), m, e.runtimeConfig()); unkept == nil {
			made := e.restore(k)
			store.evict()
			if made != nil {
				return made, nil
			}
		}
	}
	if e.plain == nil {
		if e.plain, err = e.newRuntime(ctx, nil); err != nil {
			return nil, err
		}
	}
	compiled, err := e.plain.CompileModule(ctx, m.Wasm)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if unkept != nil { // though there is nothing wrong with the module
		e.config.Store.tell(unkept)
	}
	return e.newCode(k, e.plain, compiled, m)
}

// newCode returns what was compiled as code, unless it is of no use.
func (e *Engine) newCode(k codeKey, r wazero.Runtime, compiled wazero.CompiledModule, m *instrument.Module) (*code, error) {
	memory := compiled.ExportedMemories()["memory"]
	if memory == nil {
		_ = compiled.Close(context.Background()) // nothing runs of it
		return nil, ErrNoMemory
	}
	return &code{key: k, runtime: r, compiled: compiled, globals: m.Globals, resettable: m.Resettable, pages: e.growable(memory)}, nil
}

// growable returns to how many pages a memory can grow, 0 if it has them all from the start.
func (e *Engine) growable(memory api.MemoryDefinition) uint32 {
	most, ok := memory.Max()
	if !ok || most > e.config.MemoryPages {
		most = e.config.MemoryPages
	}
	if most <= memory.Min() {
		return 0
	}
	return most
}
