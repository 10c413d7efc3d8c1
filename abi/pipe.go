package abi

import "unsafe"

// Pipe is what OpPipe says besides the handle whose bytes are meant.
//
//	offset  size  field
//	0       8     to    the handle that they go to; 0: to the handler again
//	8       8     most  how many of them at most; negative: any number
type Pipe struct {
	To   uint64
	Most int64
}

// PipeSize is the size of a Pipe.
const PipeSize = 16

var _ [PipeSize]byte = [unsafe.Sizeof(Pipe{})]byte{}
