package wasi_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/abitest"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

func TestArgumentsAndEnvironment(t *testing.T) {
	for name, want := range map[string][]string{
		"args":    {"guest\x00", "--flag\x00", "\x00"},
		"environ": {"KEY=value\x00", "EMPTY=\x00"},
	} {
		w := newWorld(t)
		require.Equal(t, wasi.ESUCCESS, w.call(name+"_sizes_get", 100, 104))
		all := strings.Join(want, "")
		assert.Equal(t, len(want), w.get32(100))
		assert.Equal(t, len(all), w.get32(104))
		end := abitest.MemorySize - uint64(len(all))
		require.Equal(t, wasi.ESUCCESS, w.call(name+"_get", 200, end))
		assert.Equal(t, all, string(w.bytes(uint32(end), uint32(len(all)))))
		assert.Equal(t, len(all), w.worked, "it is not for free")
		p := int(end)
		for i, text := range want {
			assert.Equal(t, p, w.get32(200+4*uint32(i)))
			p += len(text)
		}
		before := bytes.Clone(w.all())
		assert.Equal(t, wasi.EFAULT, w.call(name+"_get", 200, end+1))
		assert.Equal(t, wasi.EFAULT, w.call(name+"_get", abitest.MemorySize-4*uint64(len(want))+1, 200))
		assert.Equal(t, before, w.all(), "nothing is written in part")

		w.system.Args, w.system.Env = nil, nil
		require.Equal(t, wasi.ESUCCESS, w.call(name+"_sizes_get", 100, 104))
		assert.Zero(t, w.get64(100))
		assert.Equal(t, wasi.ESUCCESS, w.call(name+"_get", abitest.MemorySize, abitest.MemorySize))
	}
}

func TestValidate(t *testing.T) {
	ok := wasi.System{Args: []string{"", "a b"}, Env: []string{"A=", "B=c=d"}}
	assert.NoError(t, ok.Validate())
	bad := wasi.System{Args: []string{"a", "b\x00"}, Env: []string{"A=1", "A=\x00", "secret", "=secret"}}
	err := bad.Validate()
	assert.ErrorIs(t, err, wasi.ErrNUL)
	assert.Equal(t, []string{
		"argument 1: it has a NUL byte",
		"environment variable 1: it has a NUL byte",
		"environment variable 2: it is not of the form KEY=VALUE",
		"environment variable 3: it is not of the form KEY=VALUE",
	}, strings.Split(err.Error(), "\n"))
}

func TestClocks(t *testing.T) {
	w := newWorld(t)
	for clock := range uint64(2) {
		require.Equal(t, wasi.ESUCCESS, w.call("clock_res_get", clock, 8))
		assert.EqualValues(t, time.Millisecond, w.get64(8))
	}
	wall := func() int64 {
		require.Equal(t, wasi.ESUCCESS, w.call("clock_time_get", 0, 1, 8))
		return w.get64(8)
	}
	monotonic := func() int64 {
		require.Equal(t, wasi.ESUCCESS, w.call("clock_time_get", 1, 1, 16))
		return w.get64(16)
	}
	assert.Equal(t, w.now.Truncate(time.Millisecond).UnixNano(), wall(), "coarse")
	assert.EqualValues(t, time.Millisecond, monotonic(), "the runtime of Go ends if it is zero")
	w.now = w.now.Add(3*time.Second + 999*time.Microsecond)
	assert.EqualValues(t, 3001*time.Millisecond, monotonic(), "coarse")
	w.now = w.now.Add(-time.Minute)
	assert.EqualValues(t, 3001*time.Millisecond, monotonic(), "it does not go back")
	w.now = time.Unix(-1, 0)
	assert.Zero(t, wall(), "before 1970 there are no numbers")

	for _, clock := range []uint64{2, 3} {
		assert.Equal(t, wasi.ENOTSUP, w.call("clock_time_get", clock, 0, 8))
		assert.Equal(t, wasi.ENOTSUP, w.call("clock_res_get", clock, 8))
	}
	assert.Equal(t, wasi.EINVAL, w.call("clock_time_get", 4, 0, 8))
	assert.Equal(t, wasi.EINVAL, w.call("clock_res_get", 0xffffffff, 8))
}

func TestRandomNumbers(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, wasi.ESUCCESS, w.call("random_get", 8, 16))
	first := bytes.Clone(w.bytes(8, 16))
	assert.NotEqual(t, make([]byte, 16), first)
	assert.Zero(t, w.get64(24), "no more is written")
	require.Equal(t, wasi.ESUCCESS, w.call("random_get", 8, 16))
	assert.NotEqual(t, first, w.bytes(8, 16))

	require.Equal(t, wasi.ESUCCESS, w.call("random_get", 0, abitest.MemorySize))
	assert.NotEqual(t, make([]byte, 16), w.bytes(abitest.MemorySize-16, 16))
	assert.GreaterOrEqual(t, w.worked, abitest.MemorySize, "it is not for free")
}

func TestExit(t *testing.T) {
	w := newWorld(t)
	for _, code := range []uint32{0, 3, 0xffffffff} {
		assert.PanicsWithError(t, (&wasi.ExitError{Code: code}).Error(), func() { w.call("proc_exit", uint64(code)) })
	}
}

func TestWrite(t *testing.T) {
	w := newWorld(t)
	copy(w.bytes(1000, 20), "hello, world")
	w.vectors(8, 1000, 5, 0, 0, 1005, 7)
	require.Equal(t, wasi.ESUCCESS, w.call("fd_write", 1, 8, 3, 100))
	assert.Equal(t, "out helloout , world", string(w.out))
	assert.Equal(t, 12, w.get32(100))

	w.out = nil
	require.Equal(t, wasi.ESUCCESS, w.call("fd_write", 2, 8, 1, 100))
	assert.Equal(t, "err hello", string(w.out))
	assert.Equal(t, 5, w.get32(100))
	require.Equal(t, wasi.ESUCCESS, w.call("fd_write", 2, abitest.MemorySize, 0, 100))
	assert.Zero(t, w.get32(100))

	w.system.Stdout = nil
	require.Equal(t, wasi.ESUCCESS, w.call("fd_write", 1, 8, 3, 100))
	assert.Equal(t, 12, w.get32(100), "discarded")
}

func TestWriteChecksBeforeItPrints(t *testing.T) {
	for name, test := range map[string]func(w *world) wasi.Errno{
		"result":         func(w *world) wasi.Errno { return w.call("fd_write", 1, 8, 1, abitest.MemorySize-3) },
		"vectors":        func(w *world) wasi.Errno { return w.call("fd_write", 1, abitest.MemorySize-8, 2, 100) },
		"second vector":  func(w *world) wasi.Errno { return w.call("fd_write", 1, 8, 2, 100) },
		"number of them": func(w *world) wasi.Errno { return w.call("fd_write", 1, 8, 1<<29+1, 100) },
	} {
		w := newWorld(t)
		w.vectors(abitest.MemorySize-8, 0, 1)
		w.vectors(8, 0, 1, abitest.MemorySize-1, 2)
		before := bytes.Clone(w.all())
		want := wasi.EFAULT
		if name == "number of them" {
			want = wasi.EINVAL
		}
		assert.Equal(t, want, test(w), name)
		assert.Empty(t, w.out, name)
		assert.Equal(t, before, w.all(), name)
	}
}

// One call does not make the host print without end: the same bytes may be meant a thousand times.
func TestWriteIsBounded(t *testing.T) {
	w := newWorld(t)
	for i := range uint32(1024) {
		w.vectors(8*i, 0, abitest.MemorySize-1)
	}
	require.Equal(t, wasi.ESUCCESS, w.call("fd_write", 1, 0, 1024, abitest.MemorySize-4))
	assert.Equal(t, 64<<10, w.get32(abitest.MemorySize-4), "it is told how much that was")
	assert.LessOrEqual(t, len(w.out), 64<<10+2*len("out "))
	assert.GreaterOrEqual(t, w.worked, 64<<10, "it is not for free")
	assert.Equal(t, wasi.EINVAL, w.call("fd_write", 1, 0, 1025, abitest.MemorySize-4))
}

func TestInputIsAtItsEnd(t *testing.T) {
	w := newWorld(t)
	w.vectors(8, 1000, 5)
	w.put32(100, 77)
	require.Equal(t, wasi.ESUCCESS, w.call("fd_read", 0, 8, 1, 100))
	assert.Zero(t, w.get32(100))
	w.vectors(8, abitest.MemorySize, 5)
	assert.Equal(t, wasi.EFAULT, w.call("fd_read", 0, 8, 1, 100))
	assert.Equal(t, wasi.EFAULT, w.call("fd_read", 0, 200, 1, abitest.MemorySize))
}

// subscription writes one to p.
func (w *world) subscription(p uint32, userdata uint64, tag byte, id uint32, timeout uint64, flags uint16) {
	b := w.bytes(p, 48)
	binary.LittleEndian.PutUint64(b, userdata)
	b[8] = tag
	binary.LittleEndian.PutUint32(b[16:], id)
	binary.LittleEndian.PutUint64(b[24:], timeout)
	binary.LittleEndian.PutUint16(b[40:], flags)
}

// event is one of those that poll_oneoff has written.
type event struct {
	userdata int64
	errno    int
	tag      byte
}

func (w *world) poll(in, out uint32, n int) []event {
	w.t.Helper()
	require.Equal(w.t, wasi.ESUCCESS, w.call("poll_oneoff", uint64(in), uint64(out), uint64(n), 60000))
	var events []event
	for i := range uint32(w.get32(60000)) {
		b := w.bytes(out+32*i, 32)
		require.Equal(w.t, make([]byte, 21), b[11:])
		events = append(events, event{w.get64(out + 32*i), w.get16(out + 32*i + 8), b[10]})
	}
	return events
}

func TestPollOfOneClock(t *testing.T) {
	const (
		ms   = uint64(time.Millisecond)
		last = math.MaxInt64/ms*ms + ms // what fits into a Duration, rounded up
	)
	wall := uint64(newWorld(t).now.UnixNano()) // 0.901234 ms after the coarse clock
	for _, test := range []struct {
		name    string
		clock   uint32
		timeout uint64
		flags   uint16
		slept   time.Duration // 0: not at all
	}{
		{"relative", 1, 20 * ms, 0, 20 * time.Millisecond},
		{"relative, by the wall clock", 0, 20 * ms, 0, 20*time.Millisecond - 901_234},
		{"no time", 1, 0, 0, 0},
		{"less than the clocks show", 1, 1, 0, time.Millisecond},
		{"absolute", 1, 30 * ms, 1, 29 * time.Millisecond},
		{"absolute, by the wall clock", 0, wall + 5*ms, 1, 6*time.Millisecond - 901_234},
		{"past", 1, ms, 1, 0},
		{"long past", 0, 0, 1, 0},
		{"for ever", 1, 1<<64 - 1, 0, time.Duration(last - ms)},
		{"for ever, absolute", 0, 1<<64 - 1, 1, time.Duration(last - wall)},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.subscription(0, 77, 0, test.clock, test.timeout, test.flags)
			events := w.poll(0, 100, 1)
			assert.Equal(t, []event{{77, 0, 0}}, events)
			if test.slept == 0 {
				assert.Empty(t, w.slept)
				return
			}
			assert.Equal(t, []time.Duration{test.slept}, w.slept)
		})
	}
}

// Time that was slept for is there when the guest looks, though the clock is coarse: it does not sleep twice.
func TestPolledTimeIsShown(t *testing.T) {
	w := newWorld(t)
	for range 100 {
		w.now = w.now.Add(123_457)
		require.Equal(t, wasi.ESUCCESS, w.call("clock_time_get", 1, 0, 8))
		due := w.get64(8) + 1_234_567
		w.subscription(100, 0, 0, 1, 1_234_567, 0)
		w.poll(100, 200, 1)
		require.Equal(t, wasi.ESUCCESS, w.call("clock_time_get", 1, 0, 8))
		assert.GreaterOrEqual(t, w.get64(8), due)
		assert.Less(t, w.get64(8), due+2*int64(time.Millisecond))
	}
}

func TestPollOfMany(t *testing.T) {
	w := newWorld(t)
	w.subscription(0, 1, 0, 1, 5e6, 0)
	w.subscription(48, 2, 0, 1, 3e6, 0)
	w.subscription(96, 3, 0, 1, 4e6, 1) // at 4 ms: in 3
	w.subscription(144, 4, 0, 1, 8e6, 0)
	assert.Equal(t, []event{{2, 0, 0}, {3, 0, 0}}, w.poll(0, 1000, 4))
	require.Len(t, w.slept, 1)
	assert.EqualValues(t, 3e6, w.slept[0])
	before := bytes.Clone(w.bytes(0, 192))
	assert.Equal(t, []event{{3, 0, 0}}, w.poll(0, 1000, 4), "it is due already")
	assert.Equal(t, before, w.bytes(0, 192))
	assert.Equal(t, []event{{3, 0, 0}}, w.poll(0, 0, 4), "the events may go where the subscriptions are")
}

func TestPollOfWhatIsNotThere(t *testing.T) {
	w := newWorld(t)
	for i, s := range []struct {
		tag  byte
		id   uint32
		want wasi.Errno
	}{
		{1, 0, wasi.ENOTSUP}, {1, 3, wasi.EBADF}, {2, 1, wasi.ENOTSUP}, {2, 0xffffffff, wasi.EBADF},
		{3, 0, wasi.EINVAL}, {255, 0, wasi.EINVAL},
		{0, 2, wasi.ENOTSUP}, {0, 3, wasi.ENOTSUP}, {0, 4, wasi.EINVAL},
	} {
		w.subscription(0, 7, 0, 1, uint64(time.Hour), 0)
		w.subscription(48, uint64(i), s.tag, s.id, uint64(time.Hour), 0)
		assert.Equal(t, []event{{int64(i), int(s.want), s.tag}}, w.poll(0, 1000, 2))
		assert.Empty(t, w.slept, "that is known at once")
	}
	assert.Equal(t, wasi.EINVAL, w.call("poll_oneoff", 0, 0, 0, 0))
	assert.Equal(t, wasi.EINVAL, w.call("poll_oneoff", 0, 0, 4097, 0))
	assert.Equal(t, wasi.EFAULT, w.call("poll_oneoff", 0, 0, 4096, 0))
}
