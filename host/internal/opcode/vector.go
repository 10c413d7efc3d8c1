package opcode

// VectorInstruction is how many bytes of what kind follow an opcode after 0xfd.
type VectorInstruction struct {
	Known  bool
	Memory bool // alignment and offset
	Fixed  byte // bytes after that
	Height int8 // how the instruction changes the height of the stack
}

// Vectors is by second opcode after Vector.
var Vectors = func() (t [256]VectorInstruction) {
	set := func(from, to int, v VectorInstruction) {
		v.Known = true
		for op := from; op <= to; op++ {
			t[op] = v
		}
	}
	set(0x00, 0x0b, VectorInstruction{Memory: true})           // loads, the store
	set(0x0c, 0x0d, VectorInstruction{Fixed: 16})              // v128.const, i8x16.shuffle
	set(0x0e, 0x14, VectorInstruction{})                       // swizzle, splats
	set(0x15, 0x22, VectorInstruction{Fixed: 1})               // lanes
	set(0x23, 0x53, VectorInstruction{})                       //
	set(0x54, 0x5b, VectorInstruction{Memory: true, Fixed: 1}) // loads and stores of lanes
	set(0x5c, 0x5d, VectorInstruction{Memory: true})           // loads that fill with zeros
	set(0x5e, 0xff, VectorInstruction{})
	for _, op := range []int{ // numbers that stand for nothing
		0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee,
	} {
		t[op] = VectorInstruction{}
	}
	for _, change := range []struct {
		height   int8
		from, to int
	}{
		{-2, 0x0b, 0x0b}, {1, 0x0c, 0x0c}, {-1, 0x0d, 0x0e}, // the store, v128.const, shuffle and swizzle
		{-1, 0x17, 0x17}, {-1, 0x1a, 0x1a}, {-1, 0x1c, 0x1c}, {-1, 0x1e, 0x1e}, {-1, 0x20, 0x20}, {-1, 0x22, 0x22}, // replacing lanes
		{-1, 0x23, 0x4c}, {-1, 0x4e, 0x51}, {-2, 0x52, 0x52}, // comparing, logic, bitselect
		{-1, 0x54, 0x57}, {-2, 0x58, 0x5b}, // loads and stores of lanes
		{-1, 0x65, 0x66}, {-1, 0x6b, 0x73}, {-1, 0x76, 0x79}, {-1, 0x7b, 0x7b}, // arithmetic of two operands, here and below
		{-1, 0x82, 0x82}, {-1, 0x85, 0x86}, {-1, 0x8b, 0x93}, {-1, 0x95, 0x9f},
		{-1, 0xab, 0xba}, {-1, 0xbc, 0xbf}, {-1, 0xcb, 0xdf}, {-1, 0xe4, 0xeb}, {-1, 0xf0, 0xf7},
	} {
		for op := change.from; op <= change.to; op++ {
			t[op].Height = change.height
		}
	}
	return t
}()
