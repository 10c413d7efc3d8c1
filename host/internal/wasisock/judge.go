package wasisock

import (
	"errors"

	"github.com/portholehttp/porthole/host/internal/grant"
)

// connectable judges an address that is connected or sent to.
func (s *Sockets) connectable(a *address) errno { return s.told(s.destination(a)) }

func (s *Sockets) destination(a *address) error {
	if a.family == familyUnix {
		return s.grants.Destination("unix", a.path, 0)
	}
	if err := s.named(a, s.grants.Destination); err != nil {
		return err
	}
	return s.grants.Address("tcp", a.ip.String())
}

// listenable judges an address that is bound to.
func (s *Sockets) listenable(a *address) errno {
	if a.family == familyUnix {
		return s.told(s.grants.Listen("unix", a.path, 0))
	}
	return s.told(s.named(a, s.grants.Listen))
}

// named judges an IP address by itself, and then by the names that it was found by. The error is that of the name it was
// found by first: it says what the program had in mind.
func (s *Sockets) named(a *address, judge func(network, host string, port int) error) error {
	ip, port := a.ip.Addr().Unmap().WithZone(""), int(a.ip.Port())
	err := judge("tcp", ip.String(), port)
	s.mu.Lock()
	names := s.resolved.of(ip)
	s.mu.Unlock()
	for i, name := range names {
		if err == nil {
			break
		}
		byName := judge("tcp", name, port)
		if byName == nil || i == 0 {
			err = byName
		}
	}
	return err
}

// maxDenied is how many refusals are told: what is asked for is the program's choice.
const maxDenied = 100

// told makes an errno of a refusal. The first time it is told to Config.Denied, because an errno does not say what is missing.
func (s *Sockets) told(err error) errno {
	if err == nil {
		return success
	}
	refusal, ok := errors.AsType[*grant.Error](err)
	if !ok {
		return errInval
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := refusal.Grant() + " " + refusal.Target
	if _, known := s.denied[key]; !known && len(s.denied) < maxDenied && s.config.Denied != nil {
		s.denied[key] = struct{}{}
		s.config.Denied(err)
	}
	return errAcces
}
