package wasisock

// sockOpen is sock_open(family, kind, result.fd).
func (s *Sockets) sockOpen(m memory, p []uint64) errno {
	out, ok := m.word(uint32(p[2]))
	if !ok {
		return errFault
	}
	f, k := uint32(p[0]), uint32(p[1])
	if f > uint32(familyUnix) || k > uint32(kindStream) {
		return errInval
	}
	if s.table.full() {
		return errMFile
	}
	fd, e := openSocket(family(f), kind(k))
	if e != success {
		return e
	}
	le.PutUint32(out, s.table.add(&socket{fd: fd, family: family(f), kind: kind(k)}))
	return success
}

// sockBind is sock_bind(fd, address, port).
func (s *Sockets) sockBind(m memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	a, e := m.address(uint32(p[1]), uint32(p[2]))
	if e != success {
		return e
	}
	return s.bind(k, &a)
}

// bind gives a socket an address, if that is granted.
func (s *Sockets) bind(k *socket, a *address) errno {
	if a.family != k.family {
		return errAFNoSupport
	}
	if e := s.listenable(a); e != success {
		return e
	}
	if e := bindSocket(k, a); e != success {
		return e
	}
	k.bound = true
	if a.family == familyUnix {
		k.path = a.path
	}
	return success
}

// A program's backlog is often a guess. Connections that find it full are tried again by their side after a second, so it
// is raised to minBacklog.
const (
	minBacklog = 1024
	maxBacklog = 4096
)

// sockListen is sock_listen(fd, backlog).
func (s *Sockets) sockListen(_ memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	switch {
	case e != success:
		return e
	case k.kind != kindStream:
		return errNotSup
	}
	if !k.bound {
		everywhere, ok := unspecified(k.family)
		if !ok {
			return errDestAddrReq
		}
		if e := s.bind(k, &everywhere); e != success {
			return e
		}
	}
	if e := listenSocket(k, min(max(int(int32(p[1])), minBacklog), maxBacklog)); e != success {
		return e
	}
	k.listening = true
	if s.config.Listening != nil {
		if a, e := localAddress(k); e == success {
			s.config.Listening(a.net())
		}
	}
	return success
}

// sockAccept is sock_accept(fd, flags, result.fd).
func (s *Sockets) sockAccept(m memory, p []uint64) errno {
	flags := uint32(p[1])
	if flags&^flagNonblock != 0 {
		return errInval
	}
	return s.accept(m, p[0], flags != 0, uint32(p[2]))
}

// sockAcceptOld is sock_accept(fd, result.fd).
func (s *Sockets) sockAcceptOld(m memory, p []uint64) errno {
	return s.accept(m, p[0], false, uint32(p[1]))
}

func (s *Sockets) accept(m memory, listener uint64, nonblock bool, result uint32) errno {
	out, ok := m.word(result)
	if !ok {
		return errFault
	}
	k, e := s.lookup(listener)
	switch {
	case e != success:
		return e
	case !k.listening:
		return errInval
	case s.table.full():
		return errMFile
	}
	for {
		fd, e := acceptSocket(k)
		if e == success {
			le.PutUint32(out, s.table.add(&socket{fd: fd, family: k.family, kind: k.kind, nonblock: nonblock, bound: true}))
			return success
		}
		if e = s.again(k, e, readable); e != success {
			return e
		}
	}
}

// sockConnect is sock_connect(fd, address, port).
func (s *Sockets) sockConnect(m memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	a, e := m.address(uint32(p[1]), uint32(p[2]))
	switch {
	case e != success:
		return e
	case a.family != k.family:
		return errAFNoSupport
	}
	if s.isNameserver(k, &a) {
		return s.serve(k, &a)
	}
	if e = s.connectable(&a); e != success {
		return e
	}
	e = connectSocket(k, &a)
	if e != errInProgress || k.nonblock {
		return e
	}
	s.await(k, writable)
	return socketError(k)
}

// sockShutdown is sock_shutdown(fd, how).
func (s *Sockets) sockShutdown(_ memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	how := uint32(p[1])
	if how == 0 || how&^(shutReading|shutWriting) != 0 {
		return errInval
	}
	return shutdownSocket(k, how)
}

const (
	shutReading = 1
	shutWriting = 2
)

// again waits for a blocking socket that had to be waited for: success means that the call is to be made once more.
func (s *Sockets) again(k *socket, e errno, want readiness) errno {
	if e != errAgain || k.nonblock {
		return e
	}
	s.await(k, want)
	return success
}
