// Package wasi is what guests have of WASI preview 1 (wasi_snapshot_preview1): their arguments and granted environment, coarse
// clocks, sleep, random numbers, an output for text, and an exit. There are no files, directories, sockets or input.
//
//	Functions  the host functions, one for each of the table in package module
//	System     what they act on: one for each instance
//	Guard      how the host bounds what it does for a guest
//	Errno      what they answer
//
// Guest values are hostile. A pointer that leads outside the memory is answered by EFAULT, as programs for WASI expect, and not by
// a trap as in our own contract; all pointers of a call are checked before it has any effect. No call keeps state in
// the host, so that an instance that is put back to an earlier state finds a system that it has never used.
//
// Descriptors 0, 1 and 2 are there and cannot be closed: an input at its end, and two outputs. All others are EBADF.
package wasi
