module github.com/portholehttp/porthole/tests/wasi/conformance

go 1.26.0

require (
	github.com/stealthrocket/net v0.2.1
	golang.org/x/net v0.62.0
)
