package shard

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/grant"
)

// ListenRequest is what a handler asks to listen on.
type ListenRequest struct {
	Server  uint32 // the handler's number for it
	Network string // "tcp", "unix" or "fd"
	Host    string // a name or an address, "" for every IPv4 address; or a path. A guest's text: to be quoted
	Port    int    // 0 for any; or the descriptor
	Backlog int    // connections that may wait in the kernel; at least 1
}

// Address is how it is written: "host:port", "unix:/path" or "fd:N".
func (r *ListenRequest) Address() string { return grant.ListenAddress(r.Network, r.Host, r.Port) }

const (
	// maxHost is the longest host name or path that is taken.
	maxHost = 4096
	// defaultBacklog is what a request without one means.
	defaultBacklog = 511
)

// readListen reads a record of server_listen that asks for a listener of the system.
func readListen(server uint32, record []byte) (r ListenRequest, ok bool) {
	if len(record) < abi.ListenRequestSize {
		return r, false
	}
	asked := abi.Decode[abi.ListenRequest](record)
	host := record[abi.ListenRequestSize:]
	if uint64(asked.HostSize) != uint64(len(host)) || len(host) > maxHost || asked.Backlog > 1<<31-1 {
		return r, false
	}
	r = ListenRequest{Server: server, Host: string(host), Port: int(asked.Port), Backlog: int(asked.Backlog)}
	if r.Backlog == 0 {
		r.Backlog = defaultBacklog
	}
	switch asked.Kind {
	case abi.ListenTCP:
		r.Network = "tcp"
	case abi.ListenUnix:
		r.Network, r.Port = "unix", 0
	case abi.ListenFD:
		r.Network, r.Host, r.Port = "fd", "", int(asked.Number)
	default:
		return r, false
	}
	return r, r.Network != "unix" || r.Host != ""
}

// ServerListen implements httpabi.Host. The stack judges the record and then asks the host to listen.
func (h *handler) ServerListen(server uint32, record []byte) abi.Status {
	s := h.shard
	switch {
	case len(record) > maxHead:
		return abi.StatusInvalid
	case h.asked == maxAsked:
		return abi.StatusLimit
	}
	s.asking = h
	result := s.operate(abi.OpServerListen, h.target(server), 0, record, nil, 0)
	s.asking = nil
	return abi.Status(result & abi.ResultStatusMask)
}

// listen finds or makes what a record of server_listen asks for. Whatever comes of it, the handler is told once it has
// returned.
func (h *handler) listen(number uint32, record []byte) (uint64, abi.Status) {
	if len(record) >= abi.ListenRequestSize && abi.Decode[abi.ListenRequest](record).Kind == abi.ListenServer {
		return h.takeOver(number, record)
	}
	s := h.shard
	request, ok := readListen(number, record)
	if !ok {
		return h.refuse(number, abi.StatusInvalid, "the request to listen is not valid")
	}
	if l := s.adopt(h, &request, record); l != nil {
		return uint64(l.handle), abi.StatusOK
	}
	if s.draining {
		return h.refuse(number, abi.StatusClosed, "the host is closing")
	}
	if err := s.config.Listeners.Granted(&request); err != nil {
		return h.refuse(number, abi.StatusDenied, err.Error())
	}
	if len(h.servers) >= maxServers {
		return h.refuse(number, abi.StatusLimit, "the handler listens on too much already")
	}
	return uint64(h.openServer(&request, record).handle), abi.StatusOK
}

// refuse has h told that it does not listen.
func (h *handler) refuse(number uint32, status abi.Status, text string) (uint64, abi.Status) {
	if !h.note(notice{h, abi.EventListenError, abi.StatusFlags(status), number, text}) {
		return 0, abi.StatusClosed
	}
	return 0, status
}

// noListeners grants nothing.
type noListeners struct{}

func (noListeners) Granted(r *ListenRequest) error {
	return (&grant.Set{}).Listen(r.Network, r.Host, r.Port)
}
func (noListeners) Open(*ListenRequest, *Listener, func(string, abi.Status, string)) {}
func (noListeners) Close(*Listener)                                                  {}
