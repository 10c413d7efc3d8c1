package wasisock

// Flags of receiving.
const (
	receivePeek    = 1
	receiveAll     = 2
	receiveFlags   = receivePeek | receiveAll
	receiveIsShort = 1 // a result: the datagram was longer
)

// fdRead is fd_read(fd, iovs, iovs_len, result.size).
func (s *Sockets) fdRead(m memory, p []uint64) errno {
	return s.receive(m, p[0], &received{iovs: uint32(p[1]), count: uint32(p[2]), size: uint32(p[3])})
}

// sockRecv is sock_recv(fd, iovs, iovs_len, flags, result.size, result.flags).
func (s *Sockets) sockRecv(m memory, p []uint64) errno {
	return s.receive(m, p[0], &received{
		iovs: uint32(p[1]), count: uint32(p[2]), flags: uint32(p[3]), size: uint32(p[4]), outFlags: &p[5],
	})
}

// sockRecvFrom is sock_recv_from(fd, iovs, iovs_len, address, flags, result.port, result.size, result.flags).
func (s *Sockets) sockRecvFrom(m memory, p []uint64) errno {
	return s.receive(m, p[0], &received{
		iovs: uint32(p[1]), count: uint32(p[2]), from: &p[3], flags: uint32(p[4]), port: &p[5], size: uint32(p[6]), outFlags: &p[7],
	})
}

// sockRecvFromOld is sock_recv_from(fd, iovs, iovs_len, address, flags, result.size, result.flags).
func (s *Sockets) sockRecvFromOld(m memory, p []uint64) errno {
	return s.receive(m, p[0], &received{
		iovs: uint32(p[1]), count: uint32(p[2]), from: &p[3], flags: uint32(p[4]), size: uint32(p[5]), outFlags: &p[6],
	})
}

// received says where what is received goes.
type received struct {
	iovs, count uint32
	flags       uint32
	size        uint32
	from        *uint64 // nil: not asked for; so are port and outFlags
	port        *uint64
	outFlags    *uint64
}

// receive checks every pointer, receives, and stores what came.
func (s *Sockets) receive(m memory, fd uint64, r *received) errno {
	k, e := s.lookup(fd)
	if e != success {
		return e
	}
	buffers, e := m.vectors(s.vectors[:0], r.iovs, r.count)
	if e != success {
		return e
	}
	s.vectors = buffers
	size, ok1 := m.word(r.size)
	flags, ok2 := m.optional(r.outFlags)
	port, ok3 := m.optional(r.port)
	var from []byte
	ok4 := true
	if r.from != nil {
		from, ok4 = m.addressBuffer(uint32(*r.from))
	}
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4:
		return errFault
	case r.flags&^receiveFlags != 0 || from != nil && len(from) != storageSize && len(from) < oldSize:
		return errInval
	}
	if len(buffers) == 0 {
		buffers = append(buffers, nil)
	}
	for {
		n, short, peer, e := receiveFrom(k, buffers, r.flags, from != nil)
		if e == success {
			if k.server != nil {
				peer = k.serverAddress
			}
			le.PutUint32(size, uint32(n))
			if flags != nil {
				le.PutUint32(flags, short)
			}
			if port != nil {
				le.PutUint32(port, uint32(peer.ip.Port()))
			}
			return peer.give(from)
		}
		if e = s.again(k, e, readable); e != success {
			return e
		}
	}
}

// optional is word for a result that not every layout has.
func (m memory) optional(ptr *uint64) ([]byte, bool) {
	if ptr == nil {
		return nil, true
	}
	return m.word(uint32(*ptr))
}

// give stores the address of a peer in the layout that its buffer is of. A stream's peer is not told again.
func (a *address) give(b []byte) errno {
	switch {
	case b == nil || a.family == familyAny:
	case len(b) == storageSize:
		a.store(b)
	default:
		_, e := a.storeOld(b)
		return e
	}
	return success
}

// fdWrite is fd_write(fd, iovs, iovs_len, result.size).
func (s *Sockets) fdWrite(m memory, p []uint64) errno {
	return s.send(m, p[0], uint32(p[1]), uint32(p[2]), nil, uint32(p[3]))
}

// sockSend is sock_send(fd, iovs, iovs_len, flags, result.size).
func (s *Sockets) sockSend(m memory, p []uint64) errno {
	if uint32(p[3]) != 0 {
		return errInval
	}
	return s.send(m, p[0], uint32(p[1]), uint32(p[2]), nil, uint32(p[4]))
}

// sockSendTo is sock_send_to(fd, iovs, iovs_len, address, port, flags, result.size).
func (s *Sockets) sockSendTo(m memory, p []uint64) errno {
	if uint32(p[5]) != 0 {
		return errInval
	}
	to, e := m.address(uint32(p[3]), uint32(p[4]))
	if e != success {
		return e
	}
	return s.send(m, p[0], uint32(p[1]), uint32(p[2]), &to, uint32(p[6]))
}

// send checks every pointer and the address, and sends.
func (s *Sockets) send(m memory, fd uint64, iovs, count uint32, to *address, result uint32) errno {
	k, e := s.lookup(fd)
	if e != success {
		return e
	}
	buffers, e := m.vectors(s.vectors[:0], iovs, count)
	if e != success {
		return e
	}
	s.vectors = buffers
	size, ok := m.word(result)
	switch {
	case !ok:
		return errFault
	case to == nil:
	case k.kind == kindStream:
		return errIsConn
	case to.family != k.family:
		return errAFNoSupport
	case s.isNameserver(k, to):
		if e = s.serve(k, to); e != success {
			return e
		}
		to = nil
	default:
		if e = s.connectable(to); e != success {
			return e
		}
	}
	if len(buffers) == 0 {
		buffers = append(buffers, nil)
	}
	for {
		n, e := sendTo(k, buffers, to)
		if e == success {
			le.PutUint32(size, uint32(n))
			return success
		}
		if e = s.again(k, e, writable); e != success {
			return e
		}
	}
}
