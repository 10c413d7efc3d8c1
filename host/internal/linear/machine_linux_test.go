//go:build amd64 || arm64

package linear_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	. "github.com/portholehttp/porthole/host/internal/linear"
)

// elsewhere runs the rest of the test in a process of its own, whose machine may then be made a worse one for good. It
// returns true in that process.
func elsewhere(t *testing.T) bool {
	const variable = "PORTHOLE_TEST_ELSEWHERE"
	t.Helper()
	if os.Getenv(variable) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), variable+"=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}

// forbid makes a system call fail with EPERM from now on, as container runtimes do.
func forbid(t *testing.T, call uint32) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	require.NoError(t, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 0, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	args := &unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(args)))
	require.Zero(t, errno)
}

const large = 40 // pages, for which copying is not the first choice

func requireReset(t *testing.T) {
	t.Helper()
	m := memory(t)
	g := newGuest(t, m)
	g.call("grow", large-1)
	require.NoError(t, m.Snapshot(g.memory))
	g.call("fill", 0, 1, large*page)
	require.NoError(t, m.Reset())
	assert.Empty(t, bytes.TrimLeft(g.view(), "\x00"))
}

// Where the kernel has been told to refuse what is best, the second best is found.
func TestWithoutUserfaultfd(t *testing.T) {
	if !elsewhere(t) {
		return
	}
	forbid(t, unix.SYS_USERFAULTFD)
	assert.ErrorContains(t, Protect.Available(), "userfaultfd: operation not permitted")
	require.NoError(t, Remap.Available())
	assert.Equal(t, Remap, Best(large*page))
	assert.Error(t, newRefused(t, Protect))
	requireReset(t)
}

func TestWithoutEither(t *testing.T) {
	if !elsewhere(t) {
		return
	}
	forbid(t, unix.SYS_USERFAULTFD)
	forbid(t, unix.SYS_MEMFD_CREATE)
	assert.ErrorIs(t, Remap.Available(), unix.EPERM)
	assert.Equal(t, Copy, Best(large*page))
	requireReset(t)
}

// newRefused returns the error of a snapshot by a mechanism that is not available, after which there is none.
func newRefused(t *testing.T, by Mechanism) error {
	t.Helper()
	m := memory(t)
	err := m.SnapshotBy(by, newGuest(t, m).memory)
	assert.ErrorIs(t, m.Reset(), ErrNoSnapshot)
	return err
}

// With a limit on address space, memories are reserved small, and what is too much is an error and not the end of the process.
func TestWithLittleAddressSpace(t *testing.T) {
	if !elsewhere(t) {
		return
	}
	const spare = 1 << 30
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: addressSpace(t) + spare, Max: unix.RLIM_INFINITY}))
	m, err := New(page, 4<<30)
	require.NoError(t, err)
	defer m.Release(nil)
	b := m.Reallocate(2 * page)
	require.Len(t, b, 2*page)
	b[2*page-1] = 1
	assert.EqualValues(t, 1, m.Reallocate(100 * page)[2*page-1])
	assert.Nil(t, m.Reallocate(2<<30), "the guest is told")
	assert.Len(t, m.Reallocate(101*page), 101*page, "and goes on")

	_, err = New(2<<30, 4<<30)
	assert.EqualError(t, err, "no memory of 2147483648 bytes for a guest: cannot allocate memory")
	assert.EqualValues(t, 1, InUse().Memories)
}

// addressSpace is what the process has of it.
func addressSpace(t *testing.T) uint64 {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	var pages uint64
	_, err = fmt.Sscan(string(statm), &pages)
	require.NoError(t, err)
	return pages * uint64(os.Getpagesize())
}
