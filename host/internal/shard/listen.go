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
func (i *instance) ServerListen(number uint32, record []byte) abi.Status {
	v := i.version
	switch {
	case len(record) > maxHead || number == 0:
		return abi.StatusInvalid
	case i.asked == maxAsked:
		return abi.StatusLimit
	case v.alone():
		i.deny(number, abi.StatusDenied, "only a handler with the isolation shared may listen, and this one has another")
		return abi.StatusOK
	case v.retired:
		i.deny(number, abi.StatusClosed, "the handler was replaced")
		return abi.StatusOK
	case !v.routed:
		return i.postpone(number, record)
	}
	return i.askToListen(number, record)
}

// askToListen hands server_listen to the stack.
func (i *instance) askToListen(number uint32, record []byte) abi.Status {
	s := i.shard
	s.asking = i
	result := s.operate(abi.OpServerListen, i.target(number), 0, record, nil, 0)
	s.asking = nil
	for _, target := range s.left { // the stack has given its listener to the new one
		s.operate(abi.OpServerClose, target, 0, nil, nil, 0)
	}
	s.left = nil
	return abi.Status(result & abi.ResultStatusMask)
}

// listen finds or makes what a record of server_listen asks for. Whatever comes of it, the handler is told once it has
// returned.
func (i *instance) listen(number uint32, record []byte) (uint64, abi.Status) {
	if len(record) >= abi.ListenRequestSize && abi.Decode[abi.ListenRequest](record).Kind == abi.ListenServer {
		return i.takeOver(number, record)
	}
	s := i.shard
	request, ok := readListen(number, record)
	if !ok {
		return i.deny(number, abi.StatusInvalid, "the request to listen is not valid")
	}
	if l := i.adopt(&request, record); l != nil {
		return uint64(l.handle), abi.StatusOK
	}
	if s.draining {
		return i.deny(number, abi.StatusClosed, "the host is closing")
	}
	if err := i.version.listeners().Granted(&request); err != nil {
		return i.deny(number, abi.StatusDenied, err.Error())
	}
	if len(i.servers) >= maxServers {
		return i.deny(number, abi.StatusLimit, "the handler listens on too much already")
	}
	if l := i.adoptRetired(&request, record); l != nil {
		return uint64(l.handle), abi.StatusOK
	}
	return uint64(i.openServer(&request, record).handle), abi.StatusOK
}

// deny has i told that it does not listen.
func (i *instance) deny(number uint32, status abi.Status, text string) (uint64, abi.Status) {
	if !i.note(notice{kind: abi.EventListenError, flags: abi.StatusFlags(status), target: uint64(number), text: text}) {
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
