package main

import (
	"context"
	"os"
	"syscall"
	"time"
)

// endBySignal ends the program at the first signal, and the process at the second: a system call, on a file that does not
// answer, may hold the program up. It returns when ctx ends otherwise.
func endBySignal(ctx context.Context, signals <-chan os.Signal, cancel context.CancelCauseFunc) {
	var first time.Time
	done := ctx.Done()
	for {
		select {
		case <-done:
			if first.IsZero() {
				return
			}
			done = nil // it was us
		case s := <-signals:
			switch {
			case first.IsZero():
				first = time.Now()
				cancel(&signalError{s})
			case time.Since(first) >= sameSignal:
				os.Exit(signalExitCode(s))
			}
		}
	}
}

// signalExitCode is what shells make of an end by a signal.
func signalExitCode(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 1
}
