package wasisock

import "net/netip"

// sockLocalAddr is sock_getlocaladdr(fd, address, result.port).
func (s *Sockets) sockLocalAddr(m memory, p []uint64) errno {
	return s.name(m, p[0], localAddress, uint32(p[1]), nil, uint32(p[2]))
}

// sockLocalAddrOld is sock_getlocaladdr(fd, address, result.type, result.port).
func (s *Sockets) sockLocalAddrOld(m memory, p []uint64) errno {
	return s.name(m, p[0], localAddress, uint32(p[1]), &p[2], uint32(p[3]))
}

// sockPeerAddr is sock_getpeeraddr(fd, address, result.port).
func (s *Sockets) sockPeerAddr(m memory, p []uint64) errno {
	return s.name(m, p[0], peerAddress, uint32(p[1]), nil, uint32(p[2]))
}

// sockPeerAddrOld is sock_getpeeraddr(fd, address, result.type, result.port).
func (s *Sockets) sockPeerAddrOld(m memory, p []uint64) errno {
	return s.name(m, p[0], peerAddress, uint32(p[1]), &p[2], uint32(p[3]))
}

// name tells one of a socket's two addresses, in the layout without a version or in that with one.
func (s *Sockets) name(m memory, fd uint64, which func(*socket) (address, errno), ptr uint32, version *uint64, port uint32) errno {
	k, e := s.lookup(fd)
	if e != success {
		return e
	}
	buffer, ok1 := m.addressBuffer(ptr)
	number, ok2 := m.optional(version)
	out, ok3 := m.word(port)
	switch {
	case !ok1 || !ok2 || !ok3:
		return errFault
	case version == nil && len(buffer) != storageSize || len(buffer) < oldSize:
		return errInval
	}
	a, e := which(k)
	if k.server != nil {
		a = k.serverAddress // of both sides: it is as good as any
	}
	if e != success {
		return e
	}
	if version == nil {
		a.store(buffer)
	} else {
		v, e := a.storeOld(buffer)
		if e != success {
			return e
		}
		le.PutUint32(number, v)
	}
	le.PutUint32(out, uint32(a.ip.Port()))
	return success
}

// unspecified is every address of a family, with a port of the system's choice.
func unspecified(f family) (_ address, ok bool) {
	switch f {
	case familyIPv4:
		return ipAddress(netip.AddrPortFrom(netip.IPv4Unspecified(), 0)), true
	case familyIPv6:
		return ipAddress(netip.AddrPortFrom(netip.IPv6Unspecified(), 0)), true
	}
	return address{}, false
}
