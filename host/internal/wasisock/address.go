package wasisock

import (
	"bytes"
	"net"
	"net/netip"
)

// family is an address family, and kind a type of socket, as WasmEdge numbers them.
type (
	family uint16
	kind   uint8
)

const (
	familyAny  family = 0
	familyIPv4 family = 1
	familyIPv6 family = 2
	familyUnix family = 3

	kindAny      kind = 0
	kindDatagram kind = 1
	kindStream   kind = 2
)

// address is an IP address with a port, or the path of a Unix socket.
type address struct {
	family family
	ip     netip.AddrPort
	path   string // "" of a Unix socket without a name
}

func ipAddress(at netip.AddrPort) address {
	if at.Addr().Is4() {
		return address{family: familyIPv4, ip: at}
	}
	return address{family: familyIPv6, ip: at}
}

// net is a as package net has it, of a stream.
func (a *address) net() net.Addr {
	if a.family == familyUnix {
		return &net.UnixAddr{Net: "unix", Name: a.path}
	}
	return net.TCPAddrFromAddrPort(a.ip)
}

// Two layouts of an address share one header of a pointer and a size. The first layout is the bytes of an IP address. The
// second came with Unix sockets: a family and what is its own, in a buffer of storageSize. The port is apart in both.
//
//	offset  size  field
//	0       2     family
//	2       126   IP address; or path, ended by a zero byte
const (
	headerSize  = 8 // ptr, size
	storageSize = 128
	oldSize     = 16 // what the first layout wants for a result
)

// addressBuffer returns the bytes that the header at ptr points to.
func (m memory) addressBuffer(ptr uint32) ([]byte, bool) {
	header, ok := m.bytes(ptr, headerSize)
	if !ok {
		return nil, false
	}
	return m.bytes(le.Uint32(header), le.Uint32(header[4:]))
}

// address reads an address that a program gives, in either layout: the size tells which.
func (m memory) address(ptr, port uint32) (address, errno) {
	b, ok := m.addressBuffer(ptr)
	if !ok {
		return address{}, errFault
	}
	of := familyAny
	switch len(b) {
	case 4:
		of = familyIPv4
	case 16:
		of = familyIPv6
	case storageSize:
		of, b = family(le.Uint16(b)), b[2:]
	}
	switch {
	case of == familyUnix:
		path, _, ended := bytes.Cut(b, []byte{0})
		if !ended {
			return address{}, errNameTooLong
		}
		return address{family: familyUnix, path: string(path)}, success
	case port > 0xffff:
		return address{}, errInval
	case of == familyIPv4:
		return ipAddress(netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[:4])), uint16(port))), success
	case of == familyIPv6:
		return ipAddress(netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[:16])), uint16(port))), success
	}
	return address{}, errInval
}

// store writes a in the second layout into a buffer of storageSize.
func (a *address) store(b []byte) {
	clear(b)
	le.PutUint16(b, uint16(a.family))
	if a.family == familyUnix {
		copy(b[2:storageSize-1], a.path)
		return
	}
	copy(b[2:], a.ip.Addr().AsSlice())
}

// storeOld writes a in the first layout into a buffer of oldSize, and returns what it calls the type: 4 or 6.
func (a *address) storeOld(b []byte) (version uint32, _ errno) {
	clear(b)
	switch a.family {
	case familyIPv4:
		version = 4
	case familyIPv6:
		version = 6
	default:
		return 0, errAFNoSupport
	}
	copy(b, a.ip.Addr().AsSlice())
	return version, success
}
