// Package linear is the memory of guests: reserved at one address, so that views of it stay valid while it grows, and put
// back to a snapshot by the cheapest means that the machine offers.
//
//	Memory     the linear memory of one instance, which wazero calls to allocate and grow it
//	Mechanism  how a Reset finds and undoes what was written since the Snapshot
//	Usage      how much of it there is in this process
//
// # Why it may be mapped
//
// Code that wazero compiles compares each address with the memory's size, and does not rely on faults. So whatever the
// mapping does below the size, the guest sees bytes, and above it, it traps. A host that reads through a stale view is not
// so lucky: a fault in Go code outside Go's heap ends the process. Hence nothing is unmapped but by Release, which the
// owner of the instance calls when neither guest nor host can touch the memory any more. wazero's own Free, which a guest
// could bring about in the midst of a call (proc_exit closes the module), does nothing.
//
// # What is put back
//
// Contents and size, exactly; bytes that a memory gains by growing are zero, after a Reset too. What else an instance has
// of state (globals, tables, the host's own) is not in here: see package sandbox.
package linear
