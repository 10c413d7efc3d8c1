package wasisock

// The options of level 0, as WasmEdge numbers them. Those that are not here are not supported.
const (
	levelSocket = 0

	optionReuseAddress  = 0
	optionType          = 1
	optionError         = 2
	optionBroadcast     = 4
	optionSendBuffer    = 5
	optionReceiveBuffer = 6
	optionKeepAlive     = 7
	optionListening     = 13
)

const optionSize = 4 // of every value

// maxSocketBuffer is the most bytes that a program may ask the kernel to keep for one direction of a socket.
const maxSocketBuffer = 4 << 20

// sockGetOption is sock_getsockopt(fd, level, name, value, size). WasmEdge takes size for a pointer to the size, programs that were
// written for other hosts give the size itself: no pointer is as small.
func (s *Sockets) sockGetOption(m memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	size := uint32(p[4])
	if size > optionSize {
		b, ok := m.word(size)
		if !ok {
			return errFault
		}
		size = le.Uint32(b)
	}
	out, ok := m.word(uint32(p[3]))
	switch {
	case !ok:
		return errFault
	case size != optionSize:
		return errInval
	case uint32(p[1]) != levelSocket:
		return errNoProtoOpt
	}
	value, e := k.option(uint32(p[2]))
	if e == success {
		le.PutUint32(out, value)
	}
	return e
}

func (k *socket) option(name uint32) (uint32, errno) {
	switch name {
	case optionType:
		return uint32(k.kind), success
	case optionError:
		return uint32(socketError(k)), success
	case optionListening:
		if k.listening {
			return 1, success
		}
		return 0, success
	}
	return getOption(k, name)
}

// sockSetOption is sock_setsockopt(fd, level, name, value, size).
func (s *Sockets) sockSetOption(m memory, p []uint64) errno {
	k, e := s.lookup(p[0])
	if e != success {
		return e
	}
	in, ok := m.word(uint32(p[3]))
	switch {
	case !ok:
		return errFault
	case uint32(p[4]) != optionSize:
		return errInval
	case uint32(p[1]) != levelSocket:
		return errNoProtoOpt
	}
	value := int32(le.Uint32(in))
	switch name := uint32(p[2]); name {
	case optionReuseAddress, optionBroadcast, optionKeepAlive:
		return setOption(k, name, min(int(value), 1))
	case optionSendBuffer, optionReceiveBuffer:
		return setOption(k, name, min(max(int(value), 0), maxSocketBuffer))
	}
	return errNoProtoOpt
}
