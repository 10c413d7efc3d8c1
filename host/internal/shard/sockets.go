package shard

import (
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sockabi"
	"github.com/portholehttp/porthole/internal/netloop"
)

var _ sockabi.Host = (*Shard)(nil)

// SocketListen implements sockabi.Host.
func (s *Shard) SocketListen(server uint64, request []byte) (uint64, abi.Status) {
	i := s.asking
	if i == nil || i.target(uint32(server)) != server {
		return 0, abi.StatusInvalid
	}
	s.asking = nil // a handler asks for one
	if s.rejoining != nil {
		return uint64(s.rejoining.handle), abi.StatusOK
	}
	return i.listen(uint32(server), request)
}

// SocketWrite implements sockabi.Host.
func (s *Shard) SocketWrite(socket uint64, p []byte) (int, abi.Status) {
	return s.loop.Write(netloop.Handle(socket), p)
}

// SocketShutdown implements sockabi.Host.
func (s *Shard) SocketShutdown(socket uint64) abi.Status {
	return s.loop.Shutdown(netloop.Handle(socket))
}

// SocketClose implements sockabi.Host.
func (s *Shard) SocketClose(handle uint64, reset bool) abi.Status {
	h := netloop.Handle(handle)
	if l := s.servers[h]; l != nil {
		s.release(l)
		return abi.StatusOK
	}
	s.forget(h)
	return s.loop.CloseHandle(h, reset)
}

// SocketPause implements sockabi.Host.
func (s *Shard) SocketPause(socket uint64) abi.Status {
	return s.loop.Pause(netloop.Handle(socket))
}

// SocketResume implements sockabi.Host.
func (s *Shard) SocketResume(socket uint64) abi.Status {
	return s.loop.Resume(netloop.Handle(socket))
}

// SocketSetOption implements sockabi.Host.
func (s *Shard) SocketSetOption(socket uint64, option abi.SocketOption, value int64) abi.Status {
	return s.loop.SetOption(netloop.Handle(socket), option, value)
}

// TimerSet implements sockabi.Host.
func (s *Shard) TimerSet(at int64) { s.loop.SetTimer(at) }

// ClockNow implements sockabi.Host.
func (s *Shard) ClockNow() int64 {
	if s.config.Clock != nil {
		return s.config.Clock.Now().UnixNano()
	}
	return time.Now().UnixNano()
}
