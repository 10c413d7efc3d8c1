package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/portholehttp/porthole/host"
)

var errSecondSignal = errors.New("a second signal: requests in flight were cut")

// catchSignals returns the signals that stop the server. release undoes it.
func catchSignals() (signals <-chan os.Signal, release func()) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return c, func() { signal.Stop(c) }
}

// sameSignal is how long after a signal another one is taken for the same: timeout(1) and process managers
// signal a process and then its group, so that it arrives twice.
const sameSignal = 100 * time.Millisecond

// cutTime is how long a server may take to cut its connections. Only a handler that never returns takes
// longer, and the process ends over its head.
const cutTime = 2 * time.Second

// finish shuts server down, and returns an error if not everything in flight could be finished.
func (s *serve) finish(ctx context.Context, server *host.Server, signals <-chan os.Signal) error {
	late := fmt.Errorf("requests still in flight after %v were cut", s.drain)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var cut <-chan time.Time
	if s.drain > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, s.drain, late)
		defer stop()
		timer := time.NewTimer(s.drain + cutTime)
		defer timer.Stop()
		cut = timer.C
	}
	begin := time.Now()
	done := make(chan error, 1)
	go func() { done <- server.Shutdown(ctx) }()
	for {
		select {
		case err := <-done:
			if errors.Is(err, context.DeadlineExceeded) {
				return late
			}
			return err
		case <-cut:
			return late
		case <-signals:
			if time.Since(begin) >= sameSignal {
				return errSecondSignal
			}
		}
	}
}
