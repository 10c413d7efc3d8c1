//go:build !linux

package netloop

// cork is of the poller.
type cork struct{ open bool }

func (*cork) flush() {}
