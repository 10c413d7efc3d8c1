// Package sandbox runs WebAssembly guests on wazero. It knows no HTTP and no sockets: which functions a
// guest may import is given to it as a table of the contract and a map of Go functions.
//
//	Engine    a wazero runtime with one set of imports; a guest cannot link against anything else
//	Module    a compiled guest
//	Instance  a live one: a memory, exports, and the owner that its imports act on
//	Budget    how long, and how much, one call may compute
//	Fault     why an instance was ended
//
// A guest that is not trusted is compiled with a CompileConfig: its code is rewritten so that it counts what it does and calls the
// host in time. Nothing else ends a call, as native code cannot be interrupted.
//
// An instance and its functions belong to one goroutine at a time. Distinct instances run in parallel.
package sandbox
