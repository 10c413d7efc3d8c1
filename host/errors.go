package host

import (
	"errors"
	"fmt"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/wasisock"
)

var (
	// ErrServerClosed is what Serve, Listen and Err return after Shutdown or Close.
	ErrServerClosed = errors.New("host: server closed")

	// ErrRuntimeClosed is what a Runtime returns after Close.
	ErrRuntimeClosed = errors.New("host: runtime closed")

	// ErrHandlerClosed is what a Server returns that gets a Handler after its Close.
	ErrHandlerClosed = errors.New("host: handler closed")

	errOtherRuntime = errors.New("host: the handler was loaded by another Runtime")
	// ErrUnsupported is what RunProgram returns where the sockets of programs are not supported.
	ErrUnsupported = wasisock.ErrUnsupported
)

// LoadError says why a module was not accepted as a handler. Err is one of the errors of the
// module's validation, an *ImportError, or what the compiler said.
type LoadError struct {
	Name string // as given to Load
	Err  error
}

func (e *LoadError) Error() string { return fmt.Sprintf("host: load handler %q: %v", e.Name, e.Err) }
func (e *LoadError) Unwrap() error { return e.Err }

// FaultError says why a guest was ended: it trapped, exited, or broke the contract.
type FaultError struct {
	Guest    string // the handler's name, or "stack"
	Function string // the export that did not return, or the import that was misused
	Err      error
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("host: guest %s ended in %s: %v", e.Guest, e.Function, e.Err)
}
func (e *FaultError) Unwrap() error { return e.Err }

// ImportError says that a handler imports a function of a HostModule that it was not granted.
type ImportError struct{ Module, Function string }

func (e *ImportError) Error() string {
	return fmt.Sprintf("import %s.%s needs a grant: host.Grants.HostModules", module.Printable(e.Module), module.Printable(e.Function))
}

// RouteError says why a route was not changed: what is wrong with its pattern, or that there is no such route.
type RouteError struct {
	Pattern string
	Reason  string
}

func (e *RouteError) Error() string { return fmt.Sprintf("host: route %q: %s", e.Pattern, e.Reason) }
