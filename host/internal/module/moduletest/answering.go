package moduletest

import (
	"encoding/binary"
	"slices"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/opcode"
)

// Trapping returns a handler that traps at every event.
func Trapping() Spec {
	s := Handler()
	s.Function("on_event").Body = []byte{opcode.Unreachable}
	return s
}

// Endless returns a handler that computes for ever once all of a request has arrived.
func Endless() Spec {
	s := Handler()
	s.Function("on_inbox").Body = constant(inbox)
	s.Function("on_event").Body = atEnd([]byte{opcode.Loop, opcode.NoType, opcode.Br, 0, opcode.End})
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
		[]byte{opcode.LocalGet, target}, constant(int32(abi.SendHead|abi.SendEnd)),
		constant(head), constant(abi.ResponseHeadSize), constant(body), constant(bodySize),
		[]byte{opcode.Call, 0, opcode.Drop}, // function 0 is the first import, response_send
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
		[]byte{opcode.LocalGet, flags}, constant(int32(abi.EventEnd)), []byte{opcode.I32And, opcode.If, opcode.NoType},
		code,
		[]byte{opcode.End},
	)
}

// store writes the instructions that put v at address.
func store(address, v int32) []byte {
	return slices.Concat(constant(address), constant(v), []byte{opcode.I32Store, 2, 0})
}

// constant writes i32.const.
func constant(v int32) []byte { return opcode.AppendInt([]byte{opcode.I32Const}, int64(v)) }
