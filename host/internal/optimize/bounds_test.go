package optimize_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/module/moduletest"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// Locals and globals of a straight function: parameters i32, i32, i64, i64; locals i32, i64; globals i32, i64, f64.
const (
	localsI32, localsI64 = 3, 3
)

// straight returns a module of one page of memory, which can grow to two, with a function "run" of that code.
func straight(code []byte, pages ...byte) []byte {
	limits := []byte{1, 1, 2}
	if len(pages) > 0 {
		limits = pages
	}
	types := moduletest.Vector([]byte{0x60, 4, opcode.I32, opcode.I32, opcode.I64, opcode.I64, 1, opcode.I64}, []byte{0x60, 0, 0})
	body := slices.Concat([]byte{2, 1, opcode.I32, 1, opcode.I64}, code, []byte{opcode.End})
	nothing := []byte{0, opcode.End}
	global := func(t, constant byte, zero ...byte) []byte {
		return slices.Concat([]byte{t, 1, constant}, zero, []byte{opcode.End})
	}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		moduletest.Section(1, types),
		moduletest.Section(3, moduletest.Vector([]byte{0}, []byte{1})),
		moduletest.Section(5, moduletest.Vector(limits)),
		moduletest.Section(6, moduletest.Vector(global(opcode.I32, opcode.I32Const, 0), global(opcode.I64, opcode.I64Const, 0))),
		moduletest.Section(7, moduletest.Vector(
			append(moduletest.Name("run"), 0, 0), append(moduletest.Name("memory"), 2, 0),
		)),
		moduletest.Section(10, moduletest.Vector(sized(body), sized(nothing))),
	)
}

func sized(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

// assembler writes code.
type assembler []byte

func (a *assembler) op(code ...byte) { *a = append(*a, code...) }
func (a *assembler) get(local byte)  { a.op(opcode.LocalGet, local) }
func (a *assembler) set(local byte)  { a.op(opcode.LocalSet, local) }
func (a *assembler) constant32(v int64) {
	*a = opcode.AppendInt(append(*a, opcode.I32Const), int64(int32(v)))
}
func (a *assembler) constant64(v int64)       { *a = opcode.AppendInt(append(*a, opcode.I64Const), v) }
func (a *assembler) access(op byte, o uint32) { *a = opcode.AppendUint(append(*a, op, 0), o) }

// Addresses about the ends of one page and two, and those that wrap around.
var addresses = []uint64{0, 1, 8, 16, 100, 0x8000, 0xfff0, 0xfff7, 0xfff8, 0xfff9, 0xffff, 0x10000, 0x1fff0, 0x1fff8, 0x20000, 0x7fffffff, 0xfffffff0, 0xfffffff8, 0xffffffff}

// Each kind of access traps where it did, alone and in a group, whichever of the group reaches the farthest.
func TestAccesses(t *testing.T) {
	for op := byte(opcode.I32Load); op <= opcode.I64Store32; op++ {
		t.Run(fmt.Sprintf("%#x", op), func(t *testing.T) {
			var a assembler
			one := func(offset uint32) {
				a.get(2)
				a.op(opcode.I32WrapI64)
				switch {
				case op < opcode.I32Store:
					a.access(op, offset)
					a.op(opcode.Drop)
					return
				case op == 0x38:
					a.op(opcode.F32Const, 1, 2, 3, 4)
				case op == 0x39:
					a.op(opcode.F64Const, 1, 2, 3, 4, 5, 6, 7, 8)
				case op == opcode.I32Store || op == 0x3a || op == 0x3b:
					a.constant32(0x01020304)
				default:
					a.constant64(0x0102030405060708)
				}
				a.access(op, offset)
			}
			one(8)
			one(0)
			one(16)
			a.constant64(1)
			p := newPair(t, straight(a))
			for _, address := range addresses {
				for d := range uint64(20) {
					p.call(t, "run", 0, 0, address-d, 0)
				}
			}
		})
	}
}

// Memory that grows between accesses is as large as it is.
func TestGrowth(t *testing.T) {
	for _, grown := range []int64{0, 1} {
		var a assembler
		access := func(offset uint32) {
			a.get(0)
			a.constant64(7)
			a.access(opcode.I64Store, offset)
		}
		access(0)
		a.constant32(grown)
		a.op(opcode.MemoryGrow, 0, opcode.Drop)
		access(8)
		access(16)
		a.op(opcode.MemorySize, 0, opcode.I64ExtendI32U)
		wasm := straight(a)
		for _, address := range addresses {
			newPair(t, wasm).call(t, "run", address, 0, 0, 0)
		}
	}
}

// Addresses that are constants, up to the end of the memory and beyond it.
func TestConstantAddresses(t *testing.T) {
	for _, address := range addresses {
		var a assembler
		for _, offset := range []uint32{0, 8, 32} {
			a.constant64(int64(address))
			a.op(opcode.I32WrapI64)
			a.constant64(5)
			a.access(opcode.I64Store, offset)
		}
		a.constant32(0xfff8)
		a.access(0x29, 0) // i64.load
		newPair(t, straight(a)).call(t, "run", 0, 0, 0, 0)
	}
}

// A memory of 4 GiB has no address that is out of bounds before the addition wraps around. Only the check is looked at: nobody has it in a test.
func TestLargeMemory(t *testing.T) {
	var a assembler
	for _, by := range []int64{0, -8} {
		a.get(0)
		a.constant32(by)
		a.op(opcode.I32Add)
		a.constant64(1)
		a.access(opcode.I64Store, 0)
	}
	a.constant64(0)
	small, large := straight(a, 1, 1, 0x80, 0x80, 2), straight(a, 1, 1, 0x80, 0x80, 4) // 32,768 and 65,536 pages
	unbounded := func(wasm []byte) []byte { return rewriteFor(wasm, 0) }
	require.NotEqual(t, small, unbounded(small))
	require.Equal(t, large, unbounded(large))
	require.NotEqual(t, large, rewriteFor(large, 1024))
}

// generator makes straight code of the numbers it is given.
type generator struct {
	assembler
	next  func(n int) int
	depth int
}

// value writes code for a value of a type, the statements of generated code being of these.
func (g *generator) value(t byte, depth int) {
	if depth <= 0 {
		switch g.next(3) {
		case 0:
			g.leaf(t)
		default:
			if t == opcode.I32 {
				g.get([]byte{0, 1, 4}[g.next(localsI32)])
			} else {
				g.get([]byte{2, 3, 5}[g.next(localsI64)])
			}
		}
		return
	}
	binary := func(ops ...byte) {
		g.value(t, depth-1)
		g.value(t, depth-2)
		g.op(ops[g.next(len(ops))])
	}
	if t == opcode.I32 {
		switch g.next(9) {
		case 0, 1, 2:
			g.value(opcode.I64, depth-1)
			g.op(opcode.I32WrapI64)
		case 3:
			g.value(t, depth-1)
			g.constant32(int64([]int{8, -8, 16, 3, 70000}[g.next(5)]))
			g.op([]byte{opcode.I32Add, opcode.I32Sub}[g.next(2)])
		case 4:
			binary(opcode.I32Add, opcode.I32Sub, 0x71, opcode.I32Ne, 0x48, 0x4d, 0x4e) // and, lt_s, le_u, ge_s
		case 5:
			g.value(opcode.I64, depth-1)
			g.op(opcode.I64Eqz)
		case 6:
			g.value(t, depth-1)
			g.op(opcode.I32Eqz)
		case 7:
			g.load(t, depth)
		default:
			g.value(t, depth-1)
			g.op(opcode.LocalTee, []byte{0, 1, 4}[g.next(localsI32)])
		}
		return
	}
	switch g.next(8) {
	case 0:
		g.value(opcode.I32, depth-1)
		g.op([]byte{opcode.I64ExtendI32U, opcode.I64ExtendI32S}[g.next(2)])
	case 1, 2:
		g.value(t, depth-1)
		g.constant64(int64([]int{8, -8, 24, 1 << 33, 5}[g.next(5)]))
		g.op([]byte{opcode.I64Add, opcode.I64Sub}[g.next(2)])
	case 3:
		binary(opcode.I64Add, opcode.I64Sub, 0x83, 0x7e, opcode.I64DivS+1) // and, mul, div_u
	case 4:
		g.load(t, depth)
	case 5:
		g.op(opcode.GlobalGet, 1)
	default:
		g.value(t, depth-1)
		g.op(opcode.LocalTee, []byte{2, 3, 5}[g.next(localsI64)])
	}
}

func (g *generator) leaf(t byte) {
	c := []int64{0, 8, 16, 1000, 0xfff0, 0xfff8, -1, -8}[g.next(8)]
	if t == opcode.I32 {
		g.constant32(c)
	} else {
		g.constant64(c)
	}
}

func (g *generator) offset() uint32 { return []uint32{0, 1, 8, 16, 40, 0xfff0, 0xffffffff}[g.next(7)] }

func (g *generator) load(t byte, depth int) {
	g.value(opcode.I32, depth-1)
	if t == opcode.I32 {
		g.access([]byte{0x28, 0x2c, 0x2d, 0x2e, 0x2f}[g.next(5)], g.offset())
	} else {
		g.access([]byte{0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35}[g.next(7)], g.offset())
	}
}

// statement writes code that leaves the operand stack as it is.
func (g *generator) statement() {
	switch g.next(12) {
	case 0, 1, 2, 3:
		g.value(opcode.I32, 2)
		g.value(opcode.I64, 3)
		g.access([]byte{0x37, 0x3c, 0x3d, 0x3e}[g.next(4)], g.offset())
	case 4:
		g.value(opcode.I32, 3)
		g.value(opcode.I32, 1)
		g.access([]byte{0x36, 0x3a, 0x3b}[g.next(3)], g.offset())
	case 5:
		g.value(opcode.I32, 3)
		g.set([]byte{0, 1, 4}[g.next(localsI32)])
	case 6:
		g.value(opcode.I64, 3)
		g.set([]byte{2, 3, 5}[g.next(localsI64)])
	case 7:
		g.value(opcode.I64, 2)
		g.op(opcode.GlobalSet, 1)
	case 8:
		g.constant32(1)
		g.op(opcode.MemoryGrow, 0, opcode.Drop)
	case 9:
		g.op(opcode.Call, 1)
	case 10:
		if g.depth < 3 {
			g.depth++
			g.value(opcode.I32, 2)
			g.op(opcode.If, opcode.NoType)
			g.statement()
			g.op(opcode.End)
			g.depth--
		}
	default:
		if g.depth < 3 {
			g.depth++
			g.op(opcode.Block, opcode.NoType)
			g.statement()
			g.value(opcode.I32, 2)
			g.op(opcode.BrIf, 0)
			g.statement()
			g.op(opcode.End)
			g.depth--
		}
	}
}

// generate returns a module of code that next chooses.
func generate(next func(int) int) []byte {
	g := generator{next: next}
	for range 2 + next(12) {
		g.statement()
	}
	g.value(opcode.I64, 2)
	return straight(g.assembler)
}

// checkGenerated requires that the module does the same when it is rewritten, called several times.
func checkGenerated(t *testing.T, wasm []byte) {
	p := newPair(t, wasm)
	for i, address := range addresses {
		other := addresses[(i*7+3)%len(addresses)]
		if p.call(t, "run", address, other, other|1<<40, address) == nil {
			p = newPair(t, wasm) // memory may differ after a trap
		}
	}
}

func TestGenerated(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		t.Run(fmt.Sprint(seed), func(t *testing.T) { checkGenerated(t, generate(r.IntN)) })
	}
}

// Straight code, and what is about it, does the same when it is rewritten.
func FuzzStraight(f *testing.F) {
	f.Add([]byte("a"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		at := 0
		checkGenerated(t, generate(func(n int) int {
			if at == len(choices) {
				return 0
			}
			at++
			return int(choices[at-1]) % n
		}))
	})
}
