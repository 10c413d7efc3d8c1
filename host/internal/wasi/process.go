package wasi

import (
	"fmt"
	"runtime"
)

// ExitError is what proc_exit panics with: the guest's call ends with it, and the instance stays as it is.
type ExitError struct{ Code uint32 }

func (e *ExitError) Error() string { return fmt.Sprintf("the guest exited with code %d", e.Code) }

// exit is proc_exit(code).
func exit(code uint32) { panic(&ExitError{code}) }

// schedYield is sched_yield(): others on this core come first.
func schedYield(*call) Errno {
	runtime.Gosched()
	return ESUCCESS
}
