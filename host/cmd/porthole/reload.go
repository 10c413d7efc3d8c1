package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/portholehttp/porthole/host/internal/filewatch"
)

// keepUp reloads handlers on SIGHUP, and with watch whenever their files change, until ctx ends and done is closed.
func (s *sites) keepUp(ctx context.Context, watch bool) (done <-chan struct{}) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	changes := make(chan []string)
	var watcher *filewatch.Watcher
	if watch {
		var paths []string
		for _, of := range s.all {
			paths = append(paths, of.path)
		}
		watcher = filewatch.New(paths, filewatch.Config{Logger: s.log, Changed: func(paths []string) {
			select {
			case changes <- paths:
			case <-ctx.Done():
			}
		}})
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		if watcher != nil {
			defer watcher.Close()
		}
		for {
			select {
			case <-ctx.Done():
				return // SIGHUP is still caught: it does not end the process while that finishes
			case <-hangups:
				s.reload(ctx, nil, true)
			case paths := <-changes:
				s.reload(ctx, paths, false)
			}
		}
	}()
	return over
}
