package shard

import (
	_ "embed"
	"encoding/binary"
)

// The guests of these tests. The .wasm files are the .wat files beside them, assembled by wabt:
//
//	cd testdata && for f in *.wat; do wat2wasm --debug-names $f; done
var (
	//go:embed testdata/stack.wasm
	stackWasm []byte
	//go:embed testdata/handler.wasm
	handlerWasm []byte
	//go:embed testdata/strict.wasm
	strictWasm []byte
	//go:embed testdata/listening.wasm
	listeningWasm []byte
	//go:embed testdata/failing.wasm
	failingWasm []byte
)

// Codes of the commands of stack.wat.
const (
	stackTrap = iota
	stackListen
	stackWrite
	stackShutdown
	stackClose
	stackPause
	stackResume
	stackTimer
	stackClock
	stackEmit
	stackStore
	stackGrow
	stackExit
	stackPeek
	stackConnect
	stackSetOption
)

// Addresses and places in stack.wat.
const (
	stackResult       = 0
	stackSocket       = 8
	stackInboxOffset  = 16
	stackOpenStatus   = 24
	stackLastListener = 32
	stackTrapIn       = 40
	stackListened     = 96
	stackDials        = 48
	stackDialed       = 56
	stackMask         = 104
	stackHandle       = 120
	stackScratch      = 32768

	trapInOperation = 1
	trapInInbox     = 2
	trapInAccept    = 3
	trapInTurn      = 4
	emitInOperation = 5
	trapInHandle    = 6
)

// What stack.wat records besides operations.
const (
	sawConnect  = 99 // with a head
	sawAccept   = 100
	sawEnd      = 101
	sawWritable = 102
	sawClose    = 103
	sawTimer    = 104
	sawTurn     = 105
)

// Codes of the commands of handler.wat.
const (
	handlerTrap = iota
	handlerSend
	handlerInform
	handlerPause
	handlerResume
	handlerAbort
	handlerListen
	handlerClose
	handlerListeners
	handlerStore
	handlerExit
	handlerPrint
	handlerRecurse
	handlerSendLog
	handlerRequestOpen
	handlerRequestSend
	handlerSocketOpen
	handlerSocketOf
	handlerSocketSend
	handlerSocketSet
	handlerSocketInfo
	handlerTimer
	handlerSpin
	handlerPipe
)

// Addresses in handler.wat.
const (
	handlerInboxOffset = 16
	handlerTrapIn      = 24
	handlerText        = 2048
	handlerInbox       = 65536

	ownExchange = ^uint64(0)
)

// do is a command of handler.wat.
func do(code uint32, arguments ...uint64) []byte { return command(code, 6, arguments) }

func command(code uint32, places int, arguments []uint64) []byte {
	b := make([]byte, 8+8*places)
	binary.LittleEndian.PutUint32(b, code)
	for i, a := range arguments {
		binary.LittleEndian.PutUint64(b[8+8*i:], a)
	}
	return b
}

func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
