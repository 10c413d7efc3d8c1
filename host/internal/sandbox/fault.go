package sandbox

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is why an instance was ended: it trapped, exited, or broke the contract. Every call after the
// one that failed returns the same Fault.
type Fault struct {
	Guest    string // the module's name
	Function string // the export that did not return as it should
	Err      error  // a trap of wazero, a *sys.ExitError, or a *Misuse
}

func (f *Fault) Error() string {
	reason, _ := f.Explain()
	return fmt.Sprintf("guest %s ended in %s: %s", f.Guest, f.Function, reason)
}

func (f *Fault) Unwrap() error { return f.Err }

// Explain returns the reason in one line, and the functions of the guest that were running, innermost
// first, one per line; "" if unknown. Both are for the operator: never send them to a client.
func (f *Fault) Explain() (reason, trace string) {
	text := f.Err.Error()
	var misuse *Misuse
	if errors.As(f.Err, &misuse) {
		reason = misuse.Error()
	}
	first, rest, _ := strings.Cut(text, "\n")
	if reason == "" {
		reason = strings.TrimPrefix(first, "wasm error: ")
	}
	rest = strings.TrimPrefix(rest, "wasm stack trace:\n")
	return reason, strings.ReplaceAll(strings.TrimSpace(rest), "\n\t", "\n")
}

// Misuse is a call or an answer of a guest that breaks the contract. A host function panics with it,
// which ends the guest's call.
type Misuse struct {
	Function string // the import that was called, or the export that answered
	Reason   string
}

func (m *Misuse) Error() string { return m.Function + ": " + m.Reason }

// errInterrupted ends a guest that sleeps when it is to be closed.
var errInterrupted = errors.New("interrupted: the host is closing")

// errReentered is returned instead of calling a guest that is on the call stack: wazero would hang.
var errReentered = errors.New("the guest is running already")
