//go:build !linux

package netloop

import "time"

// poller is what a loop sleeps in where the system tells it about sockets itself: on Linux.
type poller struct{}

func newPoller() *poller { return nil }

func (*poller) close()             {}
func (*poller) wake()              {}
func (l *Loop) poll(time.Duration) {}
