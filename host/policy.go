package host

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/portholehttp/porthole/host/internal/grant"
)

// policy judges what a handler asks for, and logs what it is denied.
type policy struct {
	grants  *grant.Set
	log     *slog.Logger
	handler string

	mu     sync.Mutex
	denied map[string]struct{} // what was logged
}

// maxDenied is how many refusals are logged: the addresses are a handler's choice.
const maxDenied = 100

// Destination implements dialer.Policy.
func (p *policy) Destination(network, host string, port int) error {
	return p.logged("connecting is not granted to the handler", p.grants.Destination(network, host, port))
}

// Address implements dialer.Policy.
func (p *policy) Address(network, address string) error {
	return p.logged("connecting is not granted to the handler", p.grants.Address(network, address))
}

// Listen judges a listener.
func (p *policy) Listen(network, host string, port int) error {
	return p.logged("listening is not granted to the handler, which serves the host's listeners instead", p.grants.Listen(network, host, port))
}

// logged logs a refusal, the first time, and returns it.
func (p *policy) logged(message string, err error) error {
	refusal, ok := errors.AsType[*grant.Error](err)
	if !ok {
		return err
	}
	key := refusal.Grant() + " " + refusal.Target
	p.mu.Lock()
	_, known := p.denied[key]
	count := len(p.denied)
	if !known && count <= maxDenied {
		p.denied[key] = struct{}{}
	}
	p.mu.Unlock()
	switch {
	case known || count > maxDenied:
	case count == maxDenied:
		p.log.Info("further refusals are not logged", "handler", p.handler)
	default:
		p.log.Info(message, "handler", p.handler, "address", refusal.Target, "grant", refusal.Grant())
	}
	return err
}
