//go:build !unix

package host

import "net"

// setBacklog does nothing: the system keeps to the first limit, which is the largest.
func setBacklog(net.Listener, int) {}
