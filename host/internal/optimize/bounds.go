package optimize

import (
	"slices"

	"github.com/portholehttp/porthole/host/internal/opcode"
)

// bounds has the engine check addresses less often. For each access it makes a comparison and, in line, the code that leaves when that fails: some
// 70 bytes. It leaves that out where it has checked the same value, as it calls what one instruction computes, at least as far.
//
// So all accesses of a region through addresses that differ by constants, a group, take the least of them from one local. Before the first of them
// comes a load that reaches as far as the farthest, whose value is dropped: the engine makes no load of it, but its check. All of the group are
// sure to be done, or to trap, as a region has nothing else that traps or branches.
//
// The constants cannot carry an address past 4 GiB to the start of the memory: if rewriter.small, the least address, which is accessed too, is out of
// bounds before that.
type bounds struct {
	*body
	values
	code     []instruction
	accesses []access // of the region
	start    int32    // the first instruction of the region
	edits    []edit
	made     []instruction // of all edits
	groups   int           // of the region that have taken a local

	based    bool     // the base has been set on every way here
	anchor   int32    // an instruction; negative: there is none
	frame    farthest // accesses from the base
	constant farthest // accesses of constant addresses
}

// access is a load or store of a region.
type access struct {
	at      int32 // the instruction
	address value
	reach   uint64 // offset and size, in bytes from the address
}

// edit is a change of the code: instructions are removed, and others put in their place.
type edit struct {
	at, removed int32
	made, count int32 // what is put there, of bounds.made
}

const (
	// spread is how far the addresses of a group may lie apart, in bytes.
	spread = 1 << 16
	// maxReach bounds how far from an address a check may reach.
	maxReach = 1 << 31
	// maxGroups is how many groups of a region may have a local, and so how many a function gets at most.
	maxGroups = 8
)

// check returns code rewritten. It changes code.
func (b *bounds) check(code []instruction) []instruction {
	b.code, b.edits, b.made = code, b.edits[:0], b.made[:0]
	b.reset(len(b.types)+b.added, b.module.Globals, b.body.base)
	b.frame.reset()
	b.constant.reset()
	b.anchor, b.start, b.based = -1, 0, false
	for i := range code {
		at := int32(i)
		switch op := code[i].op; {
		case isAnchor(&code[i]):
			b.anchor = at
			b.edit(at, 1)
		case setsLocal(&code[i], b.body.base):
			b.based = true
			b.step(&code[i], at)
		case op >= opcode.I32Load && op < opcode.I32Store:
			b.access(at, b.pop())
			b.compute(0, at)
		case op >= opcode.I32Store && op <= opcode.I64Store32:
			b.pop()
			b.access(at, b.pop())
		case op == opcode.Block && code[i].count == opcode.NoType: // the engine goes on in the same piece of code
		case !isPlain(op) || !b.step(&code[i], at):
			b.endRegion()
			b.start = at + 1
		}
	}
	b.endRegion()
	b.frame.widen(b, b.body.base)
	b.constant.widen(b, b.zero)
	return b.apply()
}

// access notes an access, or rewrites it if its address is a constant.
func (b *bounds) access(at int32, address value) {
	i := &b.code[at]
	a := access{at, address, uint64(i.index) + uint64(sizes[i.op-opcode.I32Load])}
	switch {
	case address.root == zeroRoot:
		b.constantAccess(a)
	case address.offset > -spread && address.offset < spread && a.reach < maxReach-2*spread:
		b.accesses = append(b.accesses, a)
	}
}

// sizes of what is loaded or stored, in bytes, by opcode from opcode.I32Load.
var sizes = [...]uint8{4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4}

// constantAccess rewrites an access of a constant address, if that is in the memory from the start, to one from a local that is zero: all
// in a function can share a check, which cannot fail.
func (b *bounds) constantAccess(a access) {
	offset := uint64(uint32(a.address.offset))
	if !a.address.pure || offset+a.reach > b.minimum || offset+a.reach >= maxReach {
		return
	}
	b.take(a, b.zeroLocal(), uint32(offset))
	b.constant.add(a.at, offset+a.reach, b.region, b.start)
}

// endRegion rewrites the accesses of the region.
func (b *bounds) endRegion() {
	// Sorted, regions of any size take time in proportion. The accesses of a root stay in their order.
	slices.SortStableFunc(b.accesses, func(x, y access) int { return int(x.address.root - y.address.root) })
	b.groups = 0
	for all := b.accesses; len(all) > 0; {
		n := 1
		for n < len(all) && all[n].address.root == all[0].address.root {
			n++
		}
		if !b.frameGroup(all[:n]) && n > 1 {
			b.group(all[:n])
		}
		all = all[n:]
	}
	b.accesses = b.accesses[:0]
	b.forget()
}

// frameGroup rewrites accesses from the stack pointer to such from the base, for which all in the function share a check: see framer.
func (b *bounds) frameGroup(all []access) bool {
	if !b.based {
		return false
	}
	base := b.local(b.body.base)
	for _, a := range all {
		if a.address.root != base.root || a.address.offset < base.offset || a.address.end <= base.set {
			return false
		}
	}
	for _, a := range all {
		distance := uint32(a.address.offset - base.offset)
		b.take(a, b.body.base, distance)
		b.frame.add(a.at, a.reach+uint64(distance), b.region, b.start)
	}
	return true
}

// group rewrites accesses of one root, in the order in which they are done.
func (b *bounds) group(all []access) {
	least := all[0].address.offset
	first := 0 // the access whose address is computed first
	for i, a := range all {
		least = min(least, a.address.offset)
		if a.address.end < all[first].address.end {
			first = i
		}
	}
	reach := uint64(0)
	for _, a := range all {
		distance := uint64(a.address.offset - least)
		if distance >= spread || distance > 0 && !b.small {
			return
		}
		reach = max(reach, a.reach+distance)
	}
	local, ok := b.holder(all, first)
	if !ok {
		if b.groups == maxGroups {
			return
		}
		local = b.groupLocal(b.groups)
		b.groups++
		if by := least - all[first].address.offset; by == 0 {
			b.edit(all[first].address.end, 0, instruction{op: opcode.LocalTee, index: local})
		} else {
			b.edit(all[first].address.end, 0,
				instruction{op: opcode.I32Const, constant: int64(by)}, instruction{op: opcode.I32Add}, instruction{op: opcode.LocalTee, index: local})
		}
		for i, a := range all {
			distance := uint32(a.address.offset - least)
			if i == first {
				b.moveOffset(a.at, distance)
			} else {
				b.take(a, local, distance)
			}
		}
	}
	if a := all[0]; a.reach+uint64(a.address.offset-least) < reach {
		b.editCheck(a.at, local, reach)
	}
}

// holder returns the local that all accesses of a group have their address from, if there is one that does not change meanwhile.
func (b *bounds) holder(all []access, first int) (local uint32, ok bool) {
	for i, a := range all {
		p := a.address
		if !p.pure || p.end != p.begin+1 || b.code[p.begin].op != opcode.LocalGet || i > 0 && b.code[p.begin].index != local {
			return 0, false
		}
		local = b.code[p.begin].index
	}
	return local, b.values.locals[local].set < all[first].address.begin
}

// take gives an access its address from a local, which is that much below the one it has.
func (b *bounds) take(a access, local, distance uint32) {
	get := instruction{op: opcode.LocalGet, index: local}
	if p := a.address; p.pure {
		b.edit(p.begin, p.end-p.begin, get)
	} else {
		b.edit(p.end, 0, instruction{op: opcode.Drop}, get)
	}
	b.moveOffset(a.at, distance)
}

func (b *bounds) moveOffset(at int32, by uint32) {
	if by != 0 {
		i := &b.code[at]
		i.index += by
		i.start, i.end = 0, 0
	}
}

// editCheck puts a check before an instruction: that from the address in a local on, as many bytes are in memory.
func (b *bounds) editCheck(at int32, local uint32, reach uint64) {
	b.edit(at, 0, instruction{op: opcode.LocalGet, index: local}, instruction{op: opcode.I32Load8U, index: uint32(reach - 1)}, instruction{op: opcode.Drop})
}

// editSame sets a local to what it has, before an instruction.
func (b *bounds) editSame(at int32, local uint32) {
	b.edit(at, 0, instruction{op: opcode.LocalGet, index: local}, instruction{op: opcode.LocalSet, index: local})
}

func (b *bounds) edit(at, removed int32, made ...instruction) {
	b.edits = append(b.edits, edit{at, removed, int32(len(b.made)), int32(len(made))})
	b.made = append(b.made, made...)
}

// apply returns the code with the edits.
func (b *bounds) apply() []instruction {
	slices.SortStableFunc(b.edits, func(x, y edit) int {
		if x.at != y.at {
			return int(x.at - y.at)
		}
		return int(min(x.removed, 1) - min(y.removed, 1)) // what follows an operand comes before what replaces the next one
	})
	out := b.bounded[:0]
	at := int32(0)
	for _, e := range b.edits {
		out = append(append(out, b.code[at:e.at]...), b.made[e.made:][:e.count]...)
		at = e.at + e.removed
	}
	b.bounded = append(out, b.code[at:]...)
	return b.bounded
}
