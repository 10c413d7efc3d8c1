package sandbox

import (
	"errors"

	"github.com/portholehttp/porthole/host/internal/wasi"
)

// Kind says why an instance was ended, in a word for logs and metrics.
type Kind string

// The kinds of faults.
const (
	KindTrap      Kind = "trap"      // it did what WebAssembly does not allow, or gave up: a panic or deadlock in Go, abort in C
	KindExit      Kind = "exit"      // it exited
	KindDeadline  Kind = "deadline"  // ErrDeadline
	KindFuel      Kind = "fuel"      // ErrFuel
	KindDepth     Kind = "depth"     // ErrCallDepth
	KindMemory    Kind = "memory"    // a trap or an exit when its memory had grown as far as it may, which is the likely cause
	KindMisuse    Kind = "misuse"    // a *Misuse
	KindInterrupt Kind = "interrupt" // ErrInterrupted
)

// Kind returns why the instance was ended.
func (f *Fault) Kind() Kind {
	var exit *wasi.ExitError
	var misuse *Misuse
	switch {
	case errors.Is(f.Err, ErrDeadline):
		return KindDeadline
	case errors.Is(f.Err, ErrFuel):
		return KindFuel
	case errors.Is(f.Err, ErrCallDepth):
		return KindDepth
	case errors.Is(f.Err, ErrInterrupted):
		return KindInterrupt
	case errors.As(f.Err, &misuse):
		return KindMisuse
	case f.full:
		return KindMemory
	case errors.As(f.Err, &exit):
		return KindExit
	}
	return KindTrap
}

// cause returns the error of ours that ended the call, nil if there is none.
func (f *Fault) cause() error {
	for _, e := range []error{ErrDeadline, ErrFuel, ErrCallDepth, ErrInterrupted} {
		if errors.Is(f.Err, e) {
			return e
		}
	}
	var exit *wasi.ExitError
	var misuse *Misuse
	switch {
	case errors.As(f.Err, &misuse):
		return misuse
	case errors.As(f.Err, &exit):
		return exit
	}
	return nil
}
