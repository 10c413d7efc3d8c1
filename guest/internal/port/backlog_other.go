//go:build !unix && !wasip1

package port

import "net"

// setBacklog does nothing here: the system keeps the first limit, the largest.
func setBacklog(net.Listener, int) {}
