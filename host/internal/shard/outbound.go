package shard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/dialer"
	"github.com/portholehttp/porthole/internal/netloop"
)

// Dial makes a connection that a handler asks for, off the loop: see dialer.Dialer. It judges whether that is granted.
type Dial func(ctx context.Context, destination []byte) (net.Conn, error)

const (
	// maxRefused is how many sockets beyond the limit of a handler may wait to be refused.
	maxRefused = 64
	// maxReason is the most bytes of the text that says why a connection failed. It may hold a handler's own text.
	maxReason = 4 << 10
)

// tooMany is how a connection fails that is beyond Limits.MaxOutboundSockets.
type tooMany struct{ sockets int }

func (e tooMany) Error() string {
	return fmt.Sprintf("EMFILE connect EMFILE: the handler has %d sockets already", e.sockets)
}

// SocketConnect implements sockabi.Host. Whether it is granted is told by on_socket_connect, like all else that goes wrong.
func (s *Shard) SocketConnect(owner uint64, destination []byte) (uint64, abi.Status) {
	i := s.numbers[uint32(owner>>32)]
	if _, _, ok := abi.ReadDestination(destination); !ok || i == nil {
		return 0, abi.StatusInvalid
	}
	dial, record, most := i.version.dial(), bytes.Clone(destination), i.version.Limits.MaxOutboundSockets
	switch {
	case len(i.outbound) >= most+maxRefused:
		return 0, abi.StatusLimit
	case len(i.outbound) >= most:
		dial = func(context.Context, []byte) (net.Conn, error) { return nil, tooMany{most} }
	}
	socket := s.loop.Connect(func(ctx context.Context) (net.Conn, error) { return dial(ctx, record) })
	s.sockets[socket] = i
	if i.outbound == nil {
		i.outbound = make(map[netloop.Handle]struct{})
	}
	i.outbound[socket] = struct{}{}
	i.dialed = true
	return uint64(socket), abi.StatusOK
}

// Connect implements netloop.Handler.
func (s *Shard) Connect(socket netloop.Handle, err error, now int64) {
	status, text := abi.StatusOK, ""
	if err != nil {
		s.forget(socket)
		status, text = s.reason(err)
	}
	if text != "" {
		inbox, err := s.stack.inbox(uint32(len(text)))
		if err != nil {
			s.fault = err
			s.settle()
			return
		}
		copy(inbox, text)
	}
	s.enter(s.stack.connect, uint64(socket), uint64(status), uint64(len(text)), uint64(now))
}

// reason explains why there is no connection.
func (s *Shard) reason(err error) (abi.Status, string) {
	if many, ok := errors.AsType[tooMany](err); ok {
		return abi.StatusLimit, many.Error()
	}
	status, text := dialer.Reason(err)
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return status, text
}

// forget takes note that a socket is gone.
func (s *Shard) forget(socket netloop.Handle) {
	if i := s.sockets[socket]; i != nil {
		delete(i.outbound, socket)
	}
	delete(s.sockets, socket)
}

// sever cuts the connections that an instance had made, those that wait in a pool among them: nobody else may use them. The
// stack is told later, for it may have raised events that are not delivered yet.
func (s *Shard) sever(i *instance) {
	for socket := range i.outbound {
		s.forget(socket)
		s.loop.CloseHandle(socket, true)
		s.severed = append(s.severed, socket)
	}
}

// tellSevered tells the stack of a socket that was cut.
func (s *Shard) tellSevered() {
	last := len(s.severed) - 1
	socket := s.severed[last]
	s.severed = s.severed[:last]
	s.call(s.stack.closed, uint64(socket), uint64(abi.StatusReset), uint64(s.loop.Now()))
}
