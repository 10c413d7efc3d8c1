package wasisock

import (
	"context"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// A program that resolves names by itself asks the servers of /etc/resolv.conf; without such a file, as a rule those on port 53
// of the loopback. Unless that address is granted the host is the server there: so names are judged, and their addresses
// remembered, as by sock_getaddrinfo.

const (
	nameserverPort  = 53
	maxQuery        = 1232 // bytes; a longer one is cut, and then no query
	maxAnswers      = 8    // so many fit into the 512 bytes that every client takes
	maxServedAtOnce = 64   // sockets that are connected to the server
)

// isNameserver reports whether a datagram to a is for the host.
func (s *Sockets) isNameserver(k *socket, a *address) bool {
	return k.kind == kindDatagram && a.family != familyUnix && a.ip.Port() == nameserverPort && a.ip.Addr().Unmap().IsLoopback() &&
		s.destination(a) != nil
}

// serve makes the host the peer of k.
func (s *Sockets) serve(k *socket, a *address) errno {
	if k.server != nil {
		return success
	}
	if s.served == maxServedAtOnce {
		return errNoBufs
	}
	s.poller.forget(k)
	conn, e := replaceByPair(k)
	if e != success {
		return e
	}
	s.served++
	k.server, k.serverAddress = conn, *a
	s.serving.Go(func() {
		query := make([]byte, maxQuery)
		for {
			n, err := conn.Read(query)
			if err != nil {
				return // it is closed with k
			}
			if answer := s.answer(query[:n]); answer != nil {
				_, _ = conn.Write(answer) // a datagram may be lost, and is asked for again
			}
		}
	})
	return success
}

// answer returns what a query gets, nil for nothing.
func (s *Sockets) answer(query []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	q, err := p.Question()
	if err != nil {
		return nil
	}
	found, code := s.resolve(&h, &q)
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{
		ID: h.ID, Response: true, OpCode: h.OpCode, RecursionDesired: h.RecursionDesired, RecursionAvailable: true, RCode: code,
	})
	b.EnableCompression()
	rh := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}
	err = b.StartQuestions()
	if err == nil {
		err = b.Question(q)
	}
	if err == nil {
		err = b.StartAnswers()
	}
	for _, a := range found {
		switch {
		case err != nil:
		case a.Is4():
			err = b.AResource(rh, dnsmessage.AResource{A: a.As4()})
		default:
			err = b.AAAAResource(rh, dnsmessage.AAAAResource{AAAA: a.As16()})
		}
	}
	if err != nil {
		return nil
	}
	message, err := b.Finish()
	if err != nil {
		return nil
	}
	return message
}

// resolve returns the addresses that a question asks for.
func (s *Sockets) resolve(h *dnsmessage.Header, q *dnsmessage.Question) ([]netip.Addr, dnsmessage.RCode) {
	if h.OpCode != 0 || q.Class != dnsmessage.ClassINET {
		return nil, dnsmessage.RCodeNotImplemented
	}
	all, e := s.lookupName(strings.TrimSuffix(q.Name.String(), "."))
	switch e {
	case success:
	case errNoEnt:
		return nil, dnsmessage.RCodeNameError
	case errAcces:
		return nil, dnsmessage.RCodeRefused
	default:
		return nil, dnsmessage.RCodeServerFailure
	}
	var found []netip.Addr
	for _, a := range all {
		is := a.Is4() && q.Type == dnsmessage.TypeA || a.Is6() && q.Type == dnsmessage.TypeAAAA
		if is && len(found) < maxAnswers {
			found = append(found, a)
		}
	}
	return found, dnsmessage.RCodeSuccess
}

// lookupName returns the addresses of a name that is granted, and remembers them. It is called from any goroutine.
func (s *Sockets) lookupName(name string) ([]netip.Addr, errno) {
	if e := s.told(s.grants.Resolve(name)); e != success {
		return nil, e
	}
	ctx, cancel := context.WithTimeout(s.context, resolveTimeout)
	defer cancel()
	found, err := s.config.Resolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, lookupErrno(err)
	}
	found = found[:min(len(found), maxResults)]
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range found {
		found[i] = a.Unmap().WithZone("")
		s.resolved.add(found[i], name)
	}
	return found, success
}
