package host

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/portholehttp/porthole/host/internal/route"
	"github.com/portholehttp/porthole/host/internal/shard"
)

// Route says which handler requests go to.
type Route struct {
	Pattern string // as it was given to Handle
	Handler *Handler
}

// routing is which handlers a server has, and where.
type routing struct {
	mu       sync.Mutex // held while routes are changed
	routes   map[string]placed
	versions map[*Handler]*version // that have a route
	retiring sync.WaitGroup        // of versions that had one
	ended    bool                  // the shards have ended: nothing is changed any more
}

// placed is a version at a pattern. The key of it is the pattern's canonical form.
type placed struct {
	pattern string
	version *version
}

// ValidatePattern returns a *RouteError if pattern is none: see Server.Handle.
func ValidatePattern(pattern string) error {
	_, err := canonical(pattern)
	return err
}

func canonical(pattern string) (string, error) {
	text, err := route.Canonical(pattern)
	if fault, ok := errors.AsType[*route.Error](err); ok {
		return "", &RouteError{fault.Pattern, fault.Reason}
	}
	return text, err
}

// Handle has requests for a pattern go to h. A pattern is [HOST]/PATH:
//
//	/                   every request
//	/api/               every path below /api/, and /api/ itself
//	/api                that path only
//	example.com/        every path of a host, whatever the port
//	*.example.com/api/  the hosts under a domain
//	[::1]/              an IPv6 address
//
// The longest host that matches comes first, one with * after those without, and a pattern without a host last; then the
// longest path. Paths are compared as they came, without resolving dots or percent-encoding. What matches nothing gets 404.
//
// The handler is started on every shard first. If that fails nothing changes, and the error says why: a *FaultError, mostly. Then h takes the
// pattern over from the handler that had it, if one had: new requests go to h, those that are being served
// are finished by the other one, for as long as Limits.RetireTimeout says. So a handler is replaced without a request being lost.
// The other one may be closed as soon as Handle has returned.
//
// The error is a *RouteError if pattern is none, ErrHandlerClosed, or ErrServerClosed. Changes of routes wait for each other.
func (s *Server) Handle(pattern string, h *Handler) error {
	key, err := canonical(pattern)
	switch {
	case err != nil:
		return err
	case h == nil:
		return &RouteError{pattern, "the handler is nil"}
	case h.runtime != s.runtime:
		return errOtherRuntime
	}
	r := &s.routing
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return ErrServerClosed
	}
	before, replaces := r.routes[key]
	if before == (placed{pattern, r.versions[h]}) {
		return nil
	}
	reload := replaces && before.version.handler.Name() == h.Name() && r.versions[h] == nil // not one more route of a new version
	err = s.place(key, pattern, h)
	if reload {
		h.observer.Reloaded(err == nil)
	}
	return err
}

// place is Handle for a pattern and a handler that can be. routing.mu is held.
func (s *Server) place(key, pattern string, h *Handler) (err error) {
	r := &s.routing
	v := r.versions[h]
	if v == nil {
		if v, err = s.prepare(h); err != nil {
			return err
		}
		r.versions[h] = v
	}
	v.routes++
	routes := maps.Clone(r.routes)
	routes[key] = placed{pattern, v}
	return s.change(routes, v)
}

// Remove undoes Handle: new requests for pattern go to what else matches, or get 404. The error is a *RouteError if there is no such
// route, or ErrServerClosed.
func (s *Server) Remove(pattern string) error {
	key, err := canonical(pattern)
	if err != nil {
		return err
	}
	r := &s.routing
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return ErrServerClosed
	}
	if _, ok := r.routes[key]; !ok {
		return &RouteError{pattern, "there is no such route"}
	}
	routes := maps.Clone(r.routes)
	delete(routes, key)
	return s.change(routes, nil)
}

// Routes returns the routes, sorted by pattern.
func (s *Server) Routes() []Route {
	r := &s.routing
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Route, 0, len(r.routes))
	for _, p := range r.routes {
		all = append(all, Route{p.pattern, p.version.handler})
	}
	slices.SortFunc(all, func(a, b Route) int { return strings.Compare(a.Pattern, b.Pattern) })
	return all
}

// change puts routes in place of the ones there are, and retires what has none any more. If it fails, nothing has changed, and added, if it
// is not nil, has one route less.
func (s *Server) change(routes map[string]placed, added *version) error {
	r := &s.routing
	before := r.routes
	if err := s.announce(routes); err != nil {
		if added != nil {
			s.drop(added)
		}
		return err
	}
	r.routes = routes
	for key, p := range before {
		if routes[key] != p {
			s.drop(p.version)
		}
	}
	return nil
}

// announce tells all shards. It fails only if the server is ending.
func (s *Server) announce(routes map[string]placed) error {
	handlers := make(map[string]*shard.Handler, len(routes))
	for _, p := range routes {
		handlers[p.pattern] = p.version.shared
	}
	for _, sh := range s.shards {
		if err := sh.SetRoutes(handlers); err != nil {
			return publicError(err)
		}
	}
	return nil
}
