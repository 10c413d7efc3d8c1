//go:build wasip1

package netloop

import "net"

// tls adds nothing: crypto/tls would make every standalone program larger by half, and none is spoken there.
func (b *info) tls(net.Conn) {}
