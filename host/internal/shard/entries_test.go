package shard

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
)

func TestEventsOfSocketsReachTheStack(t *testing.T) {
	w := newWorld(t, handlerWasm)
	control := w.connect()
	control.ask(stackClock)

	other := w.connect()
	accepted := control.record()
	assert.Equal(t, record{What: sawAccept, Target: accepted.Target, Rest: int64(w.listener.handle)}, accepted)
	require.NoError(t, other.conn.CloseWrite())
	assert.Equal(t, record{What: sawEnd, Target: accepted.Target}, control.record())

	broken := w.connect()
	accepted = control.record()
	require.NoError(t, broken.conn.SetLinger(0)) // RST
	require.NoError(t, broken.conn.Close())
	assert.Equal(t, record{What: sawClose, Flags: uint32(abi.StatusReset), Target: accepted.Target}, control.record())
	assert.Equal(t, int64(abi.StatusClosed), control.ask(stackPause, accepted.Target), "its handle is stale")

	control.ask(stackTimer, 1)
	assert.EqualValues(t, sawTimer, control.record().What)
}

func TestOperationsOnSockets(t *testing.T) {
	w := newWorld(t, handlerWasm)
	control := w.connect()
	control.ask(stackClock)
	other := w.connect()
	socket := control.record().Target

	control.poke(stackScratch, []byte("to other"))
	assert.EqualValues(t, 8, control.ask(stackWrite, socket, stackScratch, 8))
	assert.Equal(t, "to other", string(other.read(8)))

	assert.Zero(t, control.ask(stackPause, socket))
	require.NoError(t, other.conn.CloseWrite())
	assert.NotZero(t, control.ask(stackClock), "no on_socket_end comes before")
	assert.Zero(t, control.ask(stackResume, socket))
	assert.Equal(t, record{What: sawEnd, Target: socket}, control.record())

	assert.Zero(t, control.ask(stackShutdown, socket))
	other.closed() // its end
	assert.Zero(t, control.ask(stackClose, socket, 0))
	assert.Equal(t, int64(abi.StatusClosed), control.ask(stackClose, socket, 0))

	now := time.Now()
	clock := time.Unix(0, control.ask(stackClock))
	assert.WithinRange(t, clock, now.Add(-time.Second), now.Add(patience))
}

func TestWritableFollowsAShortWrite(t *testing.T) {
	w := newWorld(t, handlerWasm)
	control := w.connect()
	control.ask(stackClock)
	other := w.connect()
	socket := control.record().Target
	const most = 1 << 20
	sent := int64(0)
	for {
		n := control.ask(stackWrite, socket, 0, most)
		require.GreaterOrEqual(t, n, int64(0))
		if sent += n; n < most {
			break
		}
	}
	other.read(int(sent))
	assert.Equal(t, record{What: sawWritable, Target: socket}, control.record())
}
