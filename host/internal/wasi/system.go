package wasi

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// System is what one instance has of WASI. It belongs to the goroutine of the instance.
type System struct {
	Args           []string  // the first is the program's name
	Env            []string  // KEY=VALUE
	Stdout, Stderr io.Writer // nil discards; their errors are not for the guest
	Now            func() time.Time
	Guard          Guard

	start     time.Time     // what the monotonic clock counts from
	monotonic time.Duration // what it showed last
}

// Guard bounds what the host does for a guest. Its methods end the guest's call by a panic, if it has to end.
type Guard interface {
	// Work says that the host has worked for the guest, or is about to, as long as that many units of fuel take.
	Work(units int)
	// Sleep blocks for d.
	Sleep(d time.Duration)
}

// ErrNUL is returned for an argument or variable that has a NUL byte, with which C would end it.
var ErrNUL = errors.New("it has a NUL byte")

// Validate reports all arguments and variables that cannot be passed on.
func (s *System) Validate() error {
	var errs []error
	for i, a := range s.Args {
		if strings.IndexByte(a, 0) >= 0 {
			errs = append(errs, fmt.Errorf("argument %d: %w", i, ErrNUL))
		}
	}
	for i, v := range s.Env {
		if strings.IndexByte(v, 0) >= 0 {
			errs = append(errs, fmt.Errorf("environment variable %d: %w", i, ErrNUL))
		}
		if key, _, ok := strings.Cut(v, "="); !ok || key == "" {
			errs = append(errs, fmt.Errorf("environment variable %d: it is not of the form KEY=VALUE", i)) // what it says may be a secret
		}
	}
	return errors.Join(errs...)
}
