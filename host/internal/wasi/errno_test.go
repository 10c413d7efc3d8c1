package wasi_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/wasi"
)

func TestFunctionsAreThoseOfTheTable(t *testing.T) {
	functions := wasi.Functions(nil)
	for _, f := range module.WASI {
		assert.Contains(t, functions, f.Name)
	}
	assert.Len(t, functions, len(module.WASI))
}

// What each function answers that gives a guest nothing, by descriptor: 0, 1, 2, and any other.
func TestWhatIsNotThere(t *testing.T) {
	const (
		spipe, notdir, notsock = wasi.ESPIPE, wasi.ENOTDIR, wasi.ENOTSOCK
		inval, notsup, badf    = wasi.EINVAL, wasi.ENOTSUP, wasi.EBADF
	)
	for name, want := range map[string][3]wasi.Errno{
		"fd_advise":               {spipe, spipe, spipe},
		"fd_allocate":             {spipe, spipe, spipe},
		"fd_close":                {},
		"fd_datasync":             {inval, inval, inval},
		"fd_fdstat_set_flags":     {notsup, notsup, notsup},
		"fd_fdstat_set_rights":    {notsup, notsup, notsup},
		"fd_filestat_set_size":    {inval, inval, inval},
		"fd_filestat_set_times":   {inval, inval, inval},
		"fd_pread":                {spipe, spipe, spipe},
		"fd_prestat_dir_name":     {badf, badf, badf},
		"fd_prestat_get":          {badf, badf, badf},
		"fd_pwrite":               {spipe, spipe, spipe},
		"fd_read":                 {wasi.ESUCCESS, badf, badf},
		"fd_readdir":              {notdir, notdir, notdir},
		"fd_renumber":             {notsup, notsup, notsup}, // to 0
		"fd_seek":                 {spipe, spipe, spipe},
		"fd_sync":                 {inval, inval, inval},
		"fd_tell":                 {spipe, spipe, spipe},
		"fd_write":                {badf, wasi.ESUCCESS, wasi.ESUCCESS},
		"path_create_directory":   {notdir, notdir, notdir},
		"path_filestat_get":       {notdir, notdir, notdir},
		"path_filestat_set_times": {notdir, notdir, notdir},
		"path_link":               {notdir, notdir, notdir},
		"path_open":               {notdir, notdir, notdir},
		"path_readlink":           {notdir, notdir, notdir},
		"path_remove_directory":   {notdir, notdir, notdir},
		"path_rename":             {notdir, notdir, notdir},
		"path_unlink_file":        {notdir, notdir, notdir},
		"sock_accept":             {notsock, notsock, notsock},
		"sock_recv":               {notsock, notsock, notsock},
		"sock_send":               {notsock, notsock, notsock},
		"sock_shutdown":           {notsock, notsock, notsock},
	} {
		w := newWorld(t)
		params := make([]uint64, len(table[name].Params))
		for fd, want := range want {
			params[0] = uint64(fd)
			assert.Equal(t, want, w.call(name, params...), "%s of %d", name, fd)
		}
		for _, fd := range []uint64{3, 4, 1 << 31, 0xffffffff} {
			params[0] = fd
			assert.Equal(t, badf, w.call(name, params...), "%s of %d", name, fd)
		}
		assert.Empty(t, w.out)
		assert.Zero(t, w.slept)
	}

	w := newWorld(t)
	assert.Equal(t, badf, w.call("fd_renumber", 1, 3))
	assert.Equal(t, badf, w.call("fd_renumber", 3, 1))
	assert.Equal(t, notdir, w.call("path_symlink", 7, 7, 2, 0, 0), "its descriptor is the third parameter")
	assert.Equal(t, badf, w.call("path_symlink", 0, 0, 3, 0, 0))
	assert.Equal(t, wasi.ENOSYS, w.call("proc_raise", 9))
	assert.Equal(t, wasi.ESUCCESS, w.call("sched_yield"))
}

func TestWhatADescriptorIs(t *testing.T) {
	for fd, want := range []struct{ flags, rights int }{{0, 1<<1 | 1<<21}, {1, 1<<6 | 1<<21}, {1, 1<<6 | 1<<21}} {
		w := newWorld(t)
		copy(w.all()[:200], make200())
		assert.Equal(t, wasi.ESUCCESS, w.call("fd_fdstat_get", uint64(fd), 8))
		assert.Equal(t, 2, w.get16(8), "a character device, so that C prints line by line")
		assert.Equal(t, want.flags, w.get16(10))
		assert.EqualValues(t, want.rights, w.get64(16))
		assert.Zero(t, w.get64(24))
		assert.EqualValues(t, 0xff, w.all()[32], "no more is written")

		assert.Equal(t, wasi.ESUCCESS, w.call("fd_filestat_get", uint64(fd), 64))
		assert.Zero(t, w.get64(64))
		assert.Zero(t, w.get64(72))
		assert.EqualValues(t, 2, w.get64(80))
		assert.EqualValues(t, 1, w.get64(88))
		assert.Equal(t, make([]byte, 32), w.bytes(96, 32))
		assert.EqualValues(t, 0xff, w.all()[128], "no more is written")
	}
	w := newWorld(t)
	assert.Equal(t, wasi.EBADF, w.call("fd_fdstat_get", 3, 8))
	assert.Equal(t, wasi.EBADF, w.call("fd_filestat_get", 3, 8))
}

func make200() []byte {
	b := make([]byte, 200)
	for i := range b {
		b[i] = 0xff
	}
	return b
}
