package stack

import "github.com/portholehttp/porthole/guest/stack/h1"

// methodTraits are what a method means for a request that a handler sends.
type methodTraits struct {
	name       h1.Method // 0: one that the codec does not know
	idempotent bool      // RFC 9110 §9.2.2
	enclosing  bool      // it is meant to have content (§8.6): an empty one is declared
	bare       bool      // content of it has no meaning (§9.3): of a head alone nothing is said of any
}

// methodNamed returns the traits of a method.
func methodNamed(method []byte) methodTraits {
	t := methodTraits{name: h1.MethodNamed(method)}
	switch t.name {
	case h1.MethodGet, h1.MethodHead, h1.MethodTrace:
		t.idempotent, t.bare = true, true
	case h1.MethodOptions, h1.MethodDelete:
		t.idempotent = true
	case h1.MethodPut:
		t.idempotent, t.enclosing = true, true
	case h1.MethodConnect:
	default:
		t.enclosing = true
	}
	return t
}
