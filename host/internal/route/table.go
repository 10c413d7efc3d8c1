package route

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Table maps patterns to values. It is immutable, and safe for concurrent use. nil is an empty one.
type Table[T any] struct {
	hosts    map[string]*paths[T] // by exact host
	domains  map[string]*paths[T] // by what follows "*."
	anywhere *paths[T]            // of patterns without a host; nil if there are none
}

// New returns a table of routes by pattern. The error names every pattern that is not one, each with an *Error, and those that
// mean the same.
func New[T any](routes map[string]T) (*Table[T], error) {
	t := &Table[T]{hosts: make(map[string]*paths[T]), domains: make(map[string]*paths[T])}
	var errs []error
	seen := make(map[string]string) // canonical pattern: as it was given
	for _, text := range slices.Sorted(maps.Keys(routes)) {
		p, err := parse(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if other, twice := seen[p.String()]; twice {
			errs = append(errs, &Error{text, fmt.Sprintf("means the same as %q", other)})
			continue
		}
		seen[p.String()] = text
		t.at(p).add(p.path, &entry[T]{text, routes[text]})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return t, nil
}

// at returns the paths of a pattern's host.
func (t *Table[T]) at(p pattern) *paths[T] {
	if p.host == "" {
		if t.anywhere == nil {
			t.anywhere = &paths[T]{}
		}
		return t.anywhere
	}
	of := t.hosts
	if p.domain {
		of = t.domains
	}
	if of[p.host] == nil {
		of[p.host] = &paths[T]{}
	}
	return of[p.host]
}

// Match returns the value for a request target (RFC 9112 §3.2) and a Host field, and the pattern that matched, as it was given
// to New. The port of host is ignored, and so are its case and a dot at its end.
//
// The host of an absolute-form target counts in place of the field's, and so does that of CONNECT's authority-form, whose
// path is "/". So is that of "*", the server as a whole.
func (t *Table[T]) Match(host, target []byte) (value T, pattern string, ok bool) {
	if t == nil {
		return value, "", false
	}
	host, path := split(host, target)
	var e *entry[T]
	if len(t.hosts)+len(t.domains) > 0 {
		e = t.byHost(host, path)
	}
	if e == nil {
		e = t.anywhere.match(path)
	}
	if e == nil {
		return value, "", false
	}
	return e.value, e.pattern, true
}

// byHost looks among the patterns that have a host.
func (t *Table[T]) byHost(host, path []byte) *entry[T] {
	var buffer [maxHost]byte
	name := canonicalHost(buffer[:0], host)
	if e := t.hosts[string(name)].match(path); e != nil {
		return e
	}
	if len(t.domains) == 0 {
		return nil
	}
	for i, c := range name { // the longest domain first
		if c == '.' && i > 0 {
			if e := t.domains[string(name[i+1:])].match(path); e != nil {
				return e
			}
		}
	}
	return nil
}
