package sandbox

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is why an instance was ended: it trapped, exited, used too much, or broke the contract. Every call after the
// one that failed returns the same Fault. Its texts are for the operator: never send one to a client.
type Fault struct {
	Guest    string // the module's name
	Function string // the export that did not return as it should
	Err      error  // a trap of wazero, with one of ErrDeadline, ErrFuel, ErrCallDepth, ErrInterrupted, a *wasi.ExitError or a *Misuse in its chain, if that is why

	full bool // the memory had grown as far as it may
}

func (f *Fault) Error() string {
	reason, _ := f.Explain()
	return fmt.Sprintf("guest %s ended in %s: %s", f.Guest, f.Function, reason)
}

func (f *Fault) Unwrap() error { return f.Err }

// Explain returns the reason in one line, and the functions of the guest that were running, innermost
// first, one per line; "" if unknown. Both are for the operator: never send them to a client.
func (f *Fault) Explain() (reason, trace string) {
	reason, rest, _ := strings.Cut(f.Err.Error(), "\n")
	reason = strings.TrimPrefix(reason, "wasm error: ")
	if ours := f.cause(); ours != nil {
		reason = ours.Error()
	}
	rest = strings.TrimPrefix(rest, "wasm stack trace:\n")
	trace = strings.ReplaceAll(strings.TrimSpace(cut(rest, maxTrace)), "\n\t", "\n")
	return cut(reason, maxReason), trace
}

// A guest says itself what its functions are called. These bytes of it are enough for a log.
const (
	maxReason = 1 << 10
	maxTrace  = 8 << 10
)

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}

// Misuse is a call or an answer of a guest that breaks the contract. A host function panics with it,
// which ends the guest's call.
type Misuse struct {
	Function string // the import that was called, or the export that answered
	Reason   string
}

func (m *Misuse) Error() string { return m.Function + ": " + m.Reason }

// depthError is a trap that is there because calls were nested too deep.
type depthError struct{ trap error }

func (e *depthError) Error() string   { return e.trap.Error() }
func (e *depthError) Unwrap() []error { return []error{ErrCallDepth, e.trap} }

// overflowed reports whether err is that of wazero for a call whose stack is full, of which it exports nothing but the text.
func overflowed(err error) bool {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err.Error() == "stack overflow"
}

// errReentered is returned instead of calling a guest that is on the call stack: wazero would hang.
var errReentered = errors.New("the guest is running already")
