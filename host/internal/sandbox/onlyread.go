package sandbox

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// errNotRead is what compileRead returns for a module of which there is no code.
var errNotRead = errors.New("there is no code to be read")

// onlyRead is a context in which wazero can take the code of a module from its cache, but cannot make it. It asks the context by how many goroutines it is to
// compile when it has not found the code, before it begins; this one answers with a panic.
type onlyRead struct{ context.Context }

func (c onlyRead) Value(key any) any {
	if key == workersKey {
		panic(errNotRead)
	}
	return c.Context.Value(key)
}

// workersKey is the key of experimental.WithCompilationWorkers, which has no name outside of wazero.
var workersKey = func() any {
	var asked keyRecorder
	experimental.GetCompilationWorkers(&asked)
	return asked.key
}()

// keyRecorder is a context that remembers the key of the last value that it was asked for.
type keyRecorder struct {
	context.Context // nil: nothing else is asked of it
	key             any
}

func (c *keyRecorder) Value(key any) any {
	c.key = key
	return nil
}

// compileRead is r.CompileModule if the code need not be made. Otherwise it returns errNotRead, and what failed if the code is there but is damaged.
func compileRead(r wazero.Runtime, wasm []byte) (m wazero.CompiledModule, err error) {
	defer func() {
		if p := recover(); p != nil {
			var ok bool
			if err, ok = p.(error); !ok {
				err = fmt.Errorf("read the code: %v", p)
			}
		}
	}()
	return r.CompileModule(onlyRead{context.Background()}, wasm)
}

// makesNothing reports whether r obeys onlyRead, as the wazero does that this was written for. The interpreter, which wazero has for processors for which it cannot
// compile, does not.
func makesNothing(r wazero.Runtime) bool {
	m, err := compileRead(r, probe)
	if m != nil {
		_ = m.Close(context.Background()) // wazero's never fails
	}
	return errors.Is(err, errNotRead)
}

// probe is a module with one function, which does nothing.
var probe = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x04\x01\x60\x00\x00" + // a type without parameters and results
	"\x03\x02\x01\x00" + // a function of that type
	"\x0a\x04\x01\x02\x00\x0b") // its body: no locals, end
