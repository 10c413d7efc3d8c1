// Package abi is the contract between the host, the stack guest and handler guests: module names,
// function signatures, numbers and records. README.md beside this file is the normative text;
// this package is the same contract in a form that both sides compile against.
//
// Integers are little-endian. Pointers are 32-bit offsets into the memory of the guest that calls
// or is called. Numbers are append-only: none is ever renumbered or reused.
package abi

// Names of the import modules. The suffix is the major version.
const (
	ModuleSock = "porthole_sock_1" // stack ↔ host: sockets, timer, clock
	ModuleHTTP = "porthole_http_1" // handler ↔ host ↔ stack: events and operations
)
