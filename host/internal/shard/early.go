package shard

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/httpabi"
)

// door is what a handler's imports act on: nobody until its _initialize has returned, which does not run on the loop, and the
// instance from then on.
type door struct{ httpabi.Host }

// tooEarly answers each operation with STATE.
type tooEarly struct{}

const early = abi.StatusState

func (tooEarly) ResponseSend(uint64, uint32, []byte, []byte) abi.Status { return early }
func (tooEarly) ResponseInform(uint64, []byte) abi.Status               { return early }
func (tooEarly) RequestPause(uint64) abi.Status                         { return early }
func (tooEarly) RequestResume(uint64) abi.Status                        { return early }
func (tooEarly) ExchangeAbort(uint64) abi.Status                        { return early }
func (tooEarly) ExchangePipe(uint64, uint64) abi.Status                 { return early }
func (tooEarly) ServerListen(uint32, []byte) abi.Status                 { return early }
func (tooEarly) ServerClose(uint32) abi.Status                          { return early }
func (tooEarly) ServerListeners(uint32, uint32) abi.Status              { return early }
func (tooEarly) RequestOpen([]byte) (uint64, abi.Status)                { return 0, early }
func (tooEarly) RequestSend(uint64, uint32, []byte, []byte) abi.Status  { return early }
func (tooEarly) SocketOpen([]byte) (uint64, abi.Status)                 { return 0, early }
func (tooEarly) SocketOf(uint64) (uint64, abi.Status)                   { return 0, early }
func (tooEarly) SocketSend(uint64, uint32, []byte) abi.Status           { return early }
func (tooEarly) SocketSet(uint64, abi.SocketOption, int64) abi.Status   { return early }
func (tooEarly) SocketInfo(uint64, []byte) (int, abi.Status)            { return 0, early }
func (tooEarly) TimerSet(int64)                                         {}
