package wasi

import (
	"context"
	"math"

	"github.com/tetratelabs/wazero/api"
)

// call is one call of a function: its parameters as wazero passes them, and whose memory they point into.
type call struct {
	system *System
	memory api.Memory
	stack  []uint64
}

// u32 returns parameter i. wazero leaves garbage in the upper half of a 32-bit one.
func (c *call) u32(i int) uint32 { return api.DecodeU32(c.stack[i]) }

// bytes returns size bytes at p, false if they are not all inside. They are a view, which dies when the guest runs again.
func (c *call) bytes(p uint32, size uint64) ([]byte, bool) {
	if size > math.MaxUint32 {
		return nil, false
	}
	return c.memory.Read(p, uint32(size))
}

// Functions returns the functions by name. system returns that of the guest whose call has the context.
func Functions(system func(context.Context) *System) map[string]api.GoModuleFunc {
	all := make(map[string]api.GoModuleFunc, len(functions))
	for name, f := range functions {
		all[name] = func(ctx context.Context, m api.Module, stack []uint64) {
			c := call{system(ctx), m.Memory(), stack}
			stack[0] = uint64(f(&c))
		}
	}
	all["proc_exit"] = func(_ context.Context, _ api.Module, stack []uint64) { exit(api.DecodeU32(stack[0])) }
	return all
}

// functions are those that return an Errno.
var functions = map[string]func(*call) Errno{
	"args_get":                argsGet,
	"args_sizes_get":          argsSizesGet,
	"clock_res_get":           clockResGet,
	"clock_time_get":          clockTimeGet,
	"environ_get":             environGet,
	"environ_sizes_get":       environSizesGet,
	"fd_advise":               of(ESPIPE),
	"fd_allocate":             of(ESPIPE),
	"fd_close":                of(ESUCCESS), // it stays open: see the package
	"fd_datasync":             of(EINVAL),
	"fd_fdstat_get":           fdFdstatGet,
	"fd_fdstat_set_flags":     of(ENOTSUP),
	"fd_fdstat_set_rights":    of(ENOTSUP),
	"fd_filestat_get":         fdFilestatGet,
	"fd_filestat_set_size":    of(EINVAL),
	"fd_filestat_set_times":   of(EINVAL),
	"fd_pread":                of(ESPIPE),
	"fd_prestat_dir_name":     always(EBADF),
	"fd_prestat_get":          always(EBADF), // of all numbers: libraries ask from 3 on until they are told so
	"fd_pwrite":               of(ESPIPE),
	"fd_read":                 fdRead,
	"fd_readdir":              of(ENOTDIR),
	"fd_renumber":             fdRenumber,
	"fd_seek":                 of(ESPIPE),
	"fd_sync":                 of(EINVAL),
	"fd_tell":                 of(ESPIPE),
	"fd_write":                fdWrite,
	"path_create_directory":   of(ENOTDIR),
	"path_filestat_get":       of(ENOTDIR),
	"path_filestat_set_times": of(ENOTDIR),
	"path_link":               of(ENOTDIR),
	"path_open":               of(ENOTDIR),
	"path_readlink":           of(ENOTDIR),
	"path_remove_directory":   of(ENOTDIR),
	"path_rename":             of(ENOTDIR),
	"path_symlink":            pathSymlink,
	"path_unlink_file":        of(ENOTDIR),
	"poll_oneoff":             pollOneoff,
	"proc_raise":              always(ENOSYS),
	"random_get":              randomGet,
	"sched_yield":             schedYield,
	"sock_accept":             of(ENOTSOCK),
	"sock_recv":               of(ENOTSOCK),
	"sock_send":               of(ENOTSOCK),
	"sock_shutdown":           of(ENOTSOCK),
}

func always(e Errno) func(*call) Errno { return func(*call) Errno { return e } }
