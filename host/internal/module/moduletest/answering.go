package moduletest

import (
	"encoding/binary"
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// Instructions of the binary format.
const (
	opUnreachable = 0x00
	opLoop        = 0x03
	opIf          = 0x04
	opEnd         = 0x0b
	opBr          = 0x0c
	opCall        = 0x10
	opDrop        = 0x1a
	opLocalGet    = 0x20
	opI32Store    = 0x36
	opI32Const    = 0x41
	opI32And      = 0x71
	noResult      = 0x40
)

// Trapping returns a handler that traps at every event.
func Trapping() Spec {
	s := Handler()
	s.Function("on_event").Body = []byte{opUnreachable}
	return s
}

// Endless returns a handler that computes for ever once all of a request has arrived.
func Endless() Spec {
	s := Handler()
	s.Function("on_inbox").Body = constant(inbox)
	s.Function("on_event").Body = atEnd([]byte{opLoop, noResult, opBr, 0, opEnd})
	return s
}

// Answering returns a handler that answers every request with 200 and "hi\r\n" once all of it has arrived.
func Answering() Spec { return AnsweringWith("hi\r\n") }

// AnsweringWith is Answering with another text, of four bytes.
func AnsweringWith(text string) Spec {
	const head, body, bodySize = 0, 64, 4
	s := Handler()
	s.Function("_initialize").Body = slices.Concat(
		store(head, abi.ResponseHeadSize), // TextOffset: no fields
		store(head+16, 200),               // Status, and no Flags
		store(body, int32(binary.LittleEndian.Uint32([]byte(text)))),
	)
	s.Function("on_inbox").Body = constant(inbox)
	s.Function("on_event").Body = atEnd(slices.Concat(
		[]byte{opLocalGet, target}, constant(int32(abi.SendHead|abi.SendEnd)),
		constant(head), constant(abi.ResponseHeadSize), constant(body), constant(bodySize),
		[]byte{opCall, 0, opDrop}, // function 0 is the first import, response_send
	))
	return s
}

// inbox is where events are put.
const inbox = 1024

// Parameters of on_event.
const flags, target = 1, 2

// atEnd returns code for on_event that does something when all of a request has arrived.
func atEnd(code []byte) []byte {
	return slices.Concat(
		[]byte{opLocalGet, flags}, constant(int32(abi.EventEnd)), []byte{opI32And, opIf, noResult},
		code,
		[]byte{opEnd},
	)
}

// store writes the instructions that put v at address.
func store(address, v int32) []byte {
	return slices.Concat(constant(address), constant(v), []byte{opI32Store, 2, 0})
}

// constant writes i32.const, whose operand is a signed LEB128 number.
func constant(v int32) []byte {
	b := []byte{opI32Const}
	for {
		low := byte(v & 0x7f)
		v >>= 7 // keeps the sign
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}
