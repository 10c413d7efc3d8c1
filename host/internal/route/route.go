// Package route says which handler a request is for, by its host and the beginning of its path. It parses no HTTP: both come from
// the record that the stack made of the request's head.
package route

// Table maps patterns to values. It is immutable.
//
// A pattern is [HOST]/PATH: "/" is every request, "/api/" every path below, "/api" that path only, "example.com/" a host, "*.example.com/" the
// hosts under a domain. The longest host that matches comes first, an exact one before one with *, then the longest path.
type Table[T any] struct{}

// New returns a table of routes by pattern. The error names every pattern that is not one, and those that mean the same.
func New[T any](routes map[string]T) (*Table[T], error) { return nil, nil }

// Match returns the value for a request target (RFC 9112 §3.2) and a Host field, and the pattern that matched. The port of host is ignored,
// and so is its case; the host of an absolute-form target counts in place of the field's.
func (t *Table[T]) Match(host, target []byte) (value T, pattern string, ok bool) { return value, "", false }
