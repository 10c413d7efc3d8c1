//go:build wasip1

// Package conformance only names the modules whose own tests the tests run as WASI programs: a module of its own, so that
// Porthole does not depend on what they need.
package conformance

import (
	_ "github.com/stealthrocket/net/http"
	_ "github.com/stealthrocket/net/wasip1"
	_ "golang.org/x/net/nettest"
)
