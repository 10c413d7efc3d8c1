package sandbox

import (
	"crypto/rand"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"
)

// resolution of the clocks that a guest can read without a grant. Finer time is what side channels need.
const resolution = time.Millisecond

// moduleConfig grants what every guest has of WASI: coarse clocks, random numbers, sleeping, an output for
// text, and its name as the only argument. There are no files, no environment and no input.
func moduleConfig(name string, c InstanceConfig) wazero.ModuleConfig {
	start := time.Now()
	config := wazero.NewModuleConfig().
		WithName(""). // anonymous: there may be many instances
		WithStartFunctions().
		WithArgs(name).
		WithRandSource(rand.Reader).
		WithWalltime(func() (int64, int32) {
			t := time.Now().Truncate(resolution)
			return t.Unix(), int32(t.Nanosecond())
		}, sys.ClockResolution(resolution)).
		WithNanotime(func() int64 {
			return int64(time.Since(start).Truncate(resolution))
		}, sys.ClockResolution(resolution)).
		WithNanosleep(func(nanos int64) { sleep(time.Duration(nanos), c.Interrupt) })
	if c.Stdout != nil {
		config = config.WithStdout(c.Stdout)
	}
	if c.Stderr != nil {
		config = config.WithStderr(c.Stderr)
	}
	return config
}

// sleep stops the guest, and with it its shard, for d.
func sleep(d time.Duration, interrupt <-chan struct{}) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-interrupt:
		panic(errInterrupted)
	}
}
