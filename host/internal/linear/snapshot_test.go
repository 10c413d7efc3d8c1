package linear_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	. "github.com/portholehttp/porthole/host/internal/linear"
)

// Whatever a guest writes and however it grows, a reset leaves nothing of it, in no mechanism, nor where the memory moves.
func TestResetUndoesEverything(t *testing.T) {
	for name, make := range map[string]func(size, max uint64) (*Memory, error){"reserved": New, "moving": NewSmall} {
		for _, by := range mechanisms(t) {
			t.Run(name+"/"+by.String(), func(t *testing.T) {
				for seed := range uint64(20) {
					m, err := make(page, most*page)
					require.NoError(t, err)
					d := dirt{newGuest(t, m), rand.New(rand.NewPCG(seed, 1))}
					d.leave()
					require.NoError(t, m.SnapshotBy(by, d.memory))
					want := bytes.Clone(d.view())
					for range 20 {
						d.leave()
						require.NoError(t, m.Reset())
						require.EqualValues(t, len(want)/page, d.call("size"), "seed %d", seed)
						require.True(t, bytes.Equal(want, d.view()), "seed %d", seed)
					}
				}
			})
		}
	}
}

// A snapshot takes the place of another, of whatever mechanism.
func TestSnapshotAgain(t *testing.T) {
	m := memory(t)
	d := dirt{newGuest(t, m), rand.New(rand.NewPCG(1, 2))}
	available := mechanisms(t)
	for range 100 {
		require.NoError(t, m.SnapshotBy(available[d.random.IntN(len(available))], d.memory))
		want := bytes.Clone(d.view())
		for range 3 {
			d.leave()
			require.NoError(t, m.Reset())
			require.True(t, bytes.Equal(want, d.view()))
		}
		if d.call("size") < most/2 {
			d.call("grow", uint64(d.random.IntN(3)))
		}
		d.write()
	}
}

// dirt leaves some in a guest.
type dirt struct {
	*guest
	random *rand.Rand
}

func (d dirt) leave() {
	for range d.random.IntN(8) {
		d.write()
	}
	for range d.random.IntN(3) {
		d.grow()
		d.write()
	}
}

func (d dirt) write() {
	size := int(d.call("size")) * page
	at, value := d.random.IntN(size), d.random.IntN(256)
	switch d.random.IntN(4) {
	case 0: // much
		d.call("fill", uint64(at), uint64(value), uint64(d.random.IntN(size-at)))
	case 1: // every other page, so that they make many runs
		for ; at < size; at += 2 * os.Getpagesize() {
			d.view()[at] ^= 0xff
		}
	case 2: // by the host
		copy(d.view()[at:], "what the host wrote to a buffer")
	default:
		d.call("store", uint64(at), uint64(value))
	}
}

// grow requires that what comes is zero.
func (d dirt) grow() {
	before := len(d.view())
	d.call("grow", uint64(d.random.IntN(10)))
	require.Empty(d.t, bytes.TrimLeft(d.view()[before:], "\x00"))
}

func TestResetByTheMechanismForTheSize(t *testing.T) {
	for _, pages := range []uint64{0, 3, 20} {
		m := memory(t)
		g := newGuest(t, m)
		g.call("grow", pages)
		require.NoError(t, m.Snapshot(g.memory))
		g.call("fill", 0, 1, (pages+1)*page)
		require.NoError(t, m.Reset())
		assert.Empty(t, bytes.TrimLeft(g.view(), "\x00"))
	}
}

func TestResetWithoutASnapshot(t *testing.T) {
	assert.ErrorIs(t, memory(t).Reset(), ErrNoSnapshot)
}

// otherMemory is what another version of wazero could make of a memory.
type otherMemory struct{ api.Memory }

func TestUnknownLayoutIsRefused(t *testing.T) {
	m := memory(t)
	g := newGuest(t, m)
	assert.ErrorIs(t, m.Snapshot(otherMemory{g.memory}), ErrUnknownLayout)
	assert.ErrorIs(t, m.Snapshot(&otherMemory{g.memory}), ErrUnknownLayout)
	assert.ErrorIs(t, m.Snapshot(newGuest(t, memory(t)).memory), ErrUnknownLayout, "another's")
	assert.ErrorIs(t, m.Reset(), ErrNoSnapshot)
}
