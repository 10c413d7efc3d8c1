//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package netloop

// cork is of what the poller watches.
type cork struct{ open bool }

func (*cork) start() {}
func (*cork) stop()  {}
func (*cork) flush() {}
