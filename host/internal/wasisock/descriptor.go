package wasisock

// Numbers of WASI.
const (
	flagNonblock = 1 << 2 // FDFLAGS_NONBLOCK

	filetypeDatagram = 5
	filetypeStream   = 6

	rightFDRead      = 1 << 1
	rightSetFlags    = 1 << 3
	rightFDWrite     = 1 << 6
	rightFilestatGet = 1 << 21
	rightPoll        = 1 << 27
	rightShutdown    = 1 << 28
	rightAccept      = 1 << 29

	socketRights = rightFDRead | rightSetFlags | rightFDWrite | rightFilestatGet | rightPoll | rightShutdown | rightAccept
)

func (k *socket) filetype() byte {
	if k.kind == kindDatagram {
		return filetypeDatagram
	}
	return filetypeStream
}

// fdClose is fd_close(fd).
func (s *Sockets) fdClose(_ memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	return s.discard(k)
}

// fdStatGet is fd_fdstat_get(fd, result).
//
//	offset  size  field
//	0       1     file type
//	2       2     flags
//	8       8     rights
//	16      8     rights of what is opened with it
func (s *Sockets) fdStatGet(m memory, p []uint64) errno {
	out, ok := m.bytes(uint32(p[1]), 24)
	if !ok {
		return errFault
	}
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	clear(out)
	out[0] = k.filetype()
	if k.nonblock {
		le.PutUint16(out[2:], flagNonblock)
	}
	le.PutUint64(out[8:], socketRights)
	le.PutUint64(out[16:], socketRights)
	return success
}

// fdStatSetFlags is fd_fdstat_set_flags(fd, flags).
func (s *Sockets) fdStatSetFlags(_ memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	flags := uint32(p[1])
	if flags&^flagNonblock != 0 {
		return errInval
	}
	k.nonblock = flags != 0
	return success
}

// fdFilestatGet is fd_filestat_get(fd, result). Of a socket only the file type, at offset 16, is known.
func (s *Sockets) fdFilestatGet(m memory, p []uint64) errno {
	out, ok := m.bytes(uint32(p[1]), 64)
	if !ok {
		return errFault
	}
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	clear(out)
	out[16] = k.filetype()
	return success
}

// fdRenumber is fd_renumber(fd, to). It is not supported: wazero's would let its table of files grow to any descriptor
// that a program names, and no socket may leave the range of sockets.
func (s *Sockets) fdRenumber(memory, []uint64) errno { return errNotSup }
