//go:build !linux

package netloop

// cork keeps no write back where it is not known what a kernel has left to send.
type cork struct{ open bool }

func (*cork) takes(transport, []byte) bool { return false }
func (*cork) pull(transport)               {}
func (*cork) flush()                       {}
