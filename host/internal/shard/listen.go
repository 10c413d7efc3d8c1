package shard

import (
	"fmt"
	"net"
	"strconv"

	"github.com/portholehttp/porthole/abi"
)

// maxRefusals is how many listen_error events of one handler may wait to be delivered.
const maxRefusals = 64

// refusal is a listen_error that waits to be delivered.
type refusal struct {
	handler *handler
	server  uint32
	text    string
}

// ServerListen implements httpabi.Host. The stack judges the request and then asks the host to listen.
func (h *handler) ServerListen(server uint32, request []byte) abi.Status {
	s := h.shard
	switch {
	case len(request) > maxHead:
		return abi.StatusInvalid
	case h.refusals == maxRefusals:
		return abi.StatusLimit
	}
	s.asking = h
	result := s.operate(abi.OpServerListen, h.target(server), 0, request, nil, 0)
	s.asking = nil
	return abi.Status(result & abi.ResultStatusMask)
}

// refuse denies a listener, because there is no way to grant one yet, and has the handler told so once it has
// returned. Through the loop, so that a handler which asks again for ever does not stop the shard.
func (h *handler) refuse(server uint32, request []byte) abi.Status {
	address, ok := listenAddress(request)
	if !ok {
		return abi.StatusInvalid
	}
	s := h.shard
	if len(s.refusals) == 0 && !s.loop.Post(s.deliverRefusals) {
		return abi.StatusClosed
	}
	if s.config.Refused != nil {
		s.config.Refused(address)
	}
	h.refusals++
	s.refusals = append(s.refusals, refusal{h, server, fmt.Sprintf(
		`listening on %q needs the grant "listen", and this host has no way to give it yet: `+
			`a server that does not listen is attached to the listeners of the host`, address)})
	return abi.StatusDenied
}

func (s *Shard) deliverRefusals() {
	refusals := s.refusals
	s.refusals = nil
	for _, r := range refusals {
		r.handler.refusals--
		if r.handler == s.handler {
			r.handler.listenError(r.server, abi.StatusDenied, r.text)
		}
	}
	s.settle()
}

func (h *handler) listenError(server uint32, status abi.Status, text string) {
	inbox, err := h.inbox.Buffer(uint32(len(text)))
	if err != nil {
		h.shard.endHandler(h, err)
		return
	}
	copy(inbox, text)
	h.event(abi.EventListenError, uint32(status), uint64(server), uint32(len(text)), 0)
}

// listenAddress returns the address in a ListenRequest. It is the guest's text: to be quoted.
func listenAddress(request []byte) (address string, ok bool) {
	if len(request) < abi.ListenRequestSize {
		return "", false
	}
	r := abi.Decode[abi.ListenRequest](request)
	host := request[abi.ListenRequestSize:]
	if uint64(r.HostSize) != uint64(len(host)) || len(host) > maxHost {
		return "", false
	}
	switch r.Kind {
	case abi.ListenTCP:
		return net.JoinHostPort(string(host), strconv.Itoa(int(r.Port))), true
	case abi.ListenUnix:
		return "unix:" + string(host), true
	default:
		return "", false
	}
}

// maxHost is the longest host name or path that is taken.
const maxHost = 4096
