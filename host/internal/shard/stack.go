package shard

import (
	"fmt"
	"log/slog"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// receiveBufferSize is how many bytes of a socket the stack gets at most in one call, if it wants as many: see abi.SocketBulk.
const receiveBufferSize = 256 << 10

// stack is an instance of the stack guest and its exports.
type stack struct {
	instance *sandbox.Instance
	receive  uint32 // pointer to the receive buffer
	inboxAt  uint32 // pointer to what on_inbox returned last
	room     uint32 // bytes there

	onInbox, listenerOpen, operation    *sandbox.Function
	handle, connect                     *sandbox.Function
	accept, data, end, writable, closed *sandbox.Function
	timer, turn                         *sandbox.Function
}

// startStack replaces s.stack by a fresh one and tells it what it has to know.
func (s *Shard) startStack() error {
	st, err := s.newStack()
	if err != nil {
		return err
	}
	s.stack = st
	for _, l := range s.listeners {
		if err := s.open(l); err != nil {
			return err
		}
	}
	s.routes.told = 0
	s.tellListeners()
	s.rejoinServers()
	if s.draining {
		s.operate(abi.OpDrain, 0, 0, nil, nil, 0)
	}
	return s.fault
}

func (s *Shard) newStack() (*stack, error) {
	output := s.output("stack", "stderr", slog.LevelError)
	instance, err := s.config.Stack.Instantiate(sandbox.InstanceConfig{
		Owner: s, Stdout: output, Stderr: output, Clock: s.config.Clock, Interrupt: s.interrupt,
	})
	if err != nil {
		return nil, err
	}
	st := &stack{instance: instance}
	var receive *sandbox.Function
	err = lookUp(instance, abi.StackExports, map[string]**sandbox.Function{
		"on_receive_buffer":  &receive,
		"on_inbox":           &st.onInbox,
		"on_listener_open":   &st.listenerOpen,
		"on_socket_accept":   &st.accept,
		"on_socket_data":     &st.data,
		"on_socket_end":      &st.end,
		"on_socket_writable": &st.writable,
		"on_socket_close":    &st.closed,
		"on_timer":           &st.timer,
		"on_turn":            &st.turn,
		"on_operation":       &st.operation,
		"on_socket_connect":  &st.connect,
		"on_handle":          &st.handle,
	})
	if err == nil {
		st.receive, err = receive.Pointer(receiveBufferSize)
	}
	if err != nil {
		instance.Close()
		return nil, err
	}
	return st, nil
}

// inbox returns bytes of the stack's memory for what the next call is about. They are valid until then.
func (st *stack) inbox(size uint32) ([]byte, error) {
	if size > st.room {
		at, err := st.onInbox.Pointer(size)
		if err != nil {
			return nil, err
		}
		st.inboxAt, st.room = at, size
	}
	p, _ := st.instance.View(st.inboxAt, size) // memory does not shrink
	return p, nil
}

// lookUp fills in the exports of a guest.
func lookUp(i *sandbox.Instance, table []abi.Function, into map[string]**sandbox.Function) error {
	for _, f := range table {
		function, err := i.Function(f.Name, len(f.Params), len(f.Results))
		if err != nil {
			return err
		}
		*into[f.Name] = function
	}
	return nil
}

// open makes a listener known to the stack.
func (s *Shard) open(l *Listener) error {
	inbox, err := s.stack.inbox(abi.OptionsSize)
	if err != nil {
		s.fault = err
		return err
	}
	copy(inbox, abi.Append(nil, &l.options))
	result, err := s.stack.listenerOpen.Call(uint64(l.handle), abi.OptionsSize)
	if err != nil {
		s.fault = err
		return err
	}
	if status := abi.Status(int32(result)); status != abi.StatusOK {
		return fmt.Errorf("the stack refuses the listener's options: %v", status)
	}
	return nil
}

// operate hands one operation to the stack and returns its result, an abi.Status with abi.Result bits.
// Without a stack, or one that fails now, that is StatusClosed: its connections are gone.
func (s *Shard) operate(op abi.Operation, target uint64, flags uint32, head, body []byte, rest int64) int64 {
	if s.stack == nil || s.fault != nil {
		return int64(abi.StatusClosed)
	}
	if n := len(head) + len(body); n > 0 {
		inbox, err := s.stack.inbox(uint32(n))
		if err != nil {
			s.fault = err
			return int64(abi.StatusClosed)
		}
		copy(inbox[copy(inbox, head):], body)
	}
	result, err := s.stack.operation.Call(uint64(op), target, uint64(flags), uint64(len(head)), uint64(len(body)), uint64(rest))
	if err != nil {
		s.fault = err
		return int64(abi.StatusClosed)
	}
	if int64(result)&abi.ResultTurn != 0 {
		s.turn = true
	}
	return int64(result)
}
