package moduletest

import (
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// Instructions of the binary format.
const (
	opUnreachable = 0x00
	opIf          = 0x04
	opEnd         = 0x0b
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

// Answering returns a handler that answers every request with 200 and "hi\r\n" once all of it has arrived.
func Answering() Spec {
	const head, body, inbox, bodySize = 0, 64, 1024, 4
	s := Handler()
	s.Function("_initialize").Body = slices.Concat(
		store(head, abi.ResponseHeadSize), // TextOffset: no fields
		store(head+16, 200),               // Status, and no Flags
		store(body, 0x0a0d_6968),          // the text, little-endian
	)
	s.Function("on_inbox").Body = constant(inbox)
	const flags, target = 1, 2 // parameters of on_event
	s.Function("on_event").Body = slices.Concat(
		[]byte{opLocalGet, flags}, constant(int32(abi.EventEnd)), []byte{opI32And, opIf, noResult},
		[]byte{opLocalGet, target}, constant(int32(abi.SendHead|abi.SendEnd)),
		constant(head), constant(abi.ResponseHeadSize), constant(body), constant(bodySize),
		[]byte{opCall, 0, opDrop}, // function 0 is the first import, response_send
		[]byte{opEnd},
	)
	return s
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
