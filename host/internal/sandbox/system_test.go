package sandbox_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

func TestArgumentsAndEnvironment(t *testing.T) {
	i := instantiate(t, InstanceConfig{Args: []string{"--verbose", ""}, Env: []string{"TOKEN=secret", "EMPTY="}})
	_, err := function(t, i, "arguments", 0, 1).Call()
	require.NoError(t, err)
	assert.Equal(t, []uint32{3, 17}, numbers(t, i, 256))
	all, _ := i.View(512, 17)
	assert.Equal(t, "guest\x00--verbose\x00\x00", string(all))
	_, err = function(t, i, "environment", 0, 1).Call()
	require.NoError(t, err)
	assert.Equal(t, []uint32{2, 20}, numbers(t, i, 256))
}

// numbers returns two numbers of the guest's memory.
func numbers(t *testing.T, i *Instance, p uint32) []uint32 {
	t.Helper()
	b, ok := i.View(p, 8)
	require.True(t, ok)
	return []uint32{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])}
}

func TestEnvironmentOfTheHostIsNotTheGuests(t *testing.T) {
	t.Setenv("PORTHOLE_TEST_SECRET", "secret")
	i := instantiate(t, InstanceConfig{})
	_, err := function(t, i, "environment", 0, 1).Call()
	require.NoError(t, err)
	assert.Equal(t, []uint32{0, 0}, numbers(t, i, 256))
}

func TestTextThatCannotBePassedOn(t *testing.T) {
	m := compile(t, "guest")
	for _, c := range []InstanceConfig{{Args: []string{"a\x00b"}}, {Env: []string{"A=\x00"}}, {Env: []string{"A"}}, {Env: []string{"=A"}}} {
		_, err := m.Instantiate(c)
		require.Error(t, err)
		var fault *Fault
		assert.NotErrorAs(t, err, &fault, "it is not the guest's")
	}
	_, err := m.Instantiate(InstanceConfig{Args: []string{"a\x00b"}})
	assert.ErrorIs(t, err, wasi.ErrNUL)
}

// stopped is a clock that does not go by itself.
type stopped struct{ now time.Time }

func (s *stopped) Now() time.Time { return s.now }

func TestClockOfTheEmbedder(t *testing.T) {
	clock := &stopped{time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
	i := instantiate(t, InstanceConfig{Clock: clock})
	read := func(id uint64) int64 {
		_, err := function(t, i, "clock", 1, 1).Call(id)
		require.NoError(t, err)
		b, _ := i.View(256, 8)
		return int64(binary.LittleEndian.Uint64(b))
	}
	assert.Equal(t, clock.now.UnixNano(), read(0))
	before := read(1)
	assert.NotZero(t, before)
	clock.now = clock.now.Add(time.Hour)
	assert.Equal(t, clock.now.UnixNano(), read(0))
	assert.Equal(t, before+int64(time.Hour), read(1))
}

// A guest that exited has a system as before: nothing of it is in the host.
func TestExitClosesNothing(t *testing.T) {
	var lines []string
	i := instantiate(t, InstanceConfig{Stderr: &Lines{Line: func(l string) { lines = append(lines, l) }}})
	_, err := function(t, i, "exit", 1, 0).Call(0)
	var exit *wasi.ExitError
	require.ErrorAs(t, err, &exit, "also with code 0")
	assert.Zero(t, exit.Code)
	_, ok := i.View(0, 16)
	assert.True(t, ok, "its memory can still be read")
}
