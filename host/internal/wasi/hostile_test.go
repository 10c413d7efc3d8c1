package wasi_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/abitest"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

// pointers are the parameters that point, with the bytes that they point to, of the functions that look at them.
var pointers = map[string]map[int]uint64{
	"args_get":          {0: 12, 1: 14},
	"args_sizes_get":    {0: 4, 1: 4},
	"environ_get":       {0: 8, 1: 17},
	"environ_sizes_get": {0: 4, 1: 4},
	"clock_res_get":     {1: 8},
	"clock_time_get":    {2: 8},
	"fd_fdstat_get":     {1: 24},
	"fd_filestat_get":   {1: 64},
	"fd_read":           {1: 8, 3: 4},
	"fd_write":          {1: 8, 3: 4},
	"poll_oneoff":       {0: 48, 1: 32, 3: 4},
	"random_get":        {0: 100},
}

// valid are parameters with which those functions do what they are for.
var valid = map[string][]uint64{
	"args_get":          {256, 512},
	"args_sizes_get":    {256, 512},
	"environ_get":       {256, 512},
	"environ_sizes_get": {256, 512},
	"clock_res_get":     {0, 256},
	"clock_time_get":    {1, 0, 256},
	"fd_fdstat_get":     {1, 256},
	"fd_filestat_get":   {1, 256},
	"fd_read":           {0, 256, 1, 512},
	"fd_write":          {1, 256, 1, 512},
	"poll_oneoff":       {256, 512, 1, 1024},
	"random_get":        {256, 100},
}

func TestHostilePointers(t *testing.T) {
	for name, params := range valid {
		w := newWorld(t)
		require.Equal(t, wasi.ESUCCESS, w.call(name, params...), name)
		for i, size := range pointers[name] {
			bad := append([]uint64{}, params...)
			bad[i] = abitest.MemorySize - size
			assert.Equal(t, wasi.ESUCCESS, newWorld(t).call(name, bad...), "%s: parameter %d just inside", name, i)
			for _, p := range []uint64{
				abitest.MemorySize - size + 1, abitest.MemorySize - 1, abitest.MemorySize, abitest.MemorySize + 1,
				1<<31 - 1, 1 << 31, 1<<32 - size, 1<<32 - size + 1, 1<<32 - 1,
			} {
				w := newWorld(t)
				before := bytes.Clone(w.all())
				bad[i] = p
				assert.Equal(t, wasi.EFAULT, w.call(name, bad...), "%s: parameter %d is %#x", name, i, p)
				assert.Equal(t, before, w.all(), name)
				assert.Empty(t, w.out, name)
				assert.Empty(t, w.slept, name)
			}
		}
	}
}

// Any values at all get an answer, and no effect if it is an errno.
func TestHostileValues(t *testing.T) {
	for _, f := range module.WASI {
		if f.Name == "proc_exit" {
			continue // it does not return
		}
		values := []uint64{0, 2, 1<<32 - 1}
		if pointers[f.Name] != nil { // the others look at no more than a descriptor
			values = []uint64{0, 1, 2, 3, 256, abitest.MemorySize - 8, abitest.MemorySize, 1 << 31, 1<<32 - 1}
		}
		w := newWorld(t)
		w.vectors(256, 0, 1<<31, 1<<31, 1<<32-1, 7, 7)
		params := make([]uint64, len(f.Params))
		count := 0
		var try func(i int)
		try = func(i int) {
			if i == len(params) {
				check(t, w, f, params)
				count++
				return
			}
			for _, v := range values {
				if f.Params[i] == abi.I64 {
					v |= v << 32
				}
				params[i] = v
				try(i + 1)
			}
		}
		try(0)
		assert.NotZero(t, count)
	}
}

var scratch = make([]byte, 0, abitest.MemorySize)

func check(t testing.TB, w *world, f abi.Function, params []uint64) {
	before := append(scratch[:0], w.all()...)
	w.out, w.slept = w.out[:0], w.slept[:0]
	errno := w.call(f.Name, params...)
	switch errno {
	case wasi.ESUCCESS:
		copy(w.all(), before)
	case wasi.EBADF, wasi.EFAULT, wasi.EINVAL, wasi.ENOSYS, wasi.ENOTDIR, wasi.ENOTSOCK, wasi.ENOTSUP, wasi.ESPIPE:
		if !bytes.Equal(before, w.all()) || len(w.out) > 0 || len(w.slept) > 0 {
			require.Fail(t, fmt.Sprintf("%s%#x is refused, and has an effect", f.Name, params))
		}
	default:
		require.Fail(t, fmt.Sprintf("%s%#x: errno %d", f.Name, params, errno))
	}
}

func FuzzFunctions(f *testing.F) {
	f.Add(uint8(0), uint64(256), uint64(1<<32-1), uint64(3), uint64(4), uint64(5), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, which uint8, a, b, c, d, e uint64, memory []byte) {
		function := module.WASI[int(which)%len(module.WASI)]
		if function.Name == "proc_exit" {
			return
		}
		w := newWorld(t)
		copy(w.all(), memory)
		check(t, w, function, []uint64{a, b, c, d, e, a, b, c, d}[:len(function.Params)])
	})
}
