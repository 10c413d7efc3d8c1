// Package wasm carries the stack guest, compiled.
package wasm

import _ "embed"

// Stack is stack.wasm: the protocol engine of guest/stack behind the socket ABI, built from wasm/stack by
// `make artifact`. stack.sum beside it records what it was built from. It must not be changed.
//
//go:embed stack/stack.wasm
var Stack []byte
