//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package netloop

import "time"

// poller is what a loop sleeps in where the system tells it about sockets itself: on Linux, macOS and the BSDs.
type poller struct{}

func newPoller() *poller { return nil }

func (*poller) close()             {}
func (*poller) wake()              {}
func (l *Loop) poll(time.Duration) {}
