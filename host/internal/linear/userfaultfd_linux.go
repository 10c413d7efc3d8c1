//go:build amd64 || arm64

package linear

import (
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel's interface, of linux/userfaultfd.h and linux/fs.h; sizes are part of the request numbers. x/sys has none of it.
const (
	uffdUserModeOnly = 1 // a process without privileges may have no other

	uffdAPI             = 0xaa
	uffdWPUnpopulated   = 1 << 13 // pages that were never used can be protected too
	uffdWPAsync         = 1 << 15 // the kernel lifts the protection itself, and notes that it did
	uffdRegisterModeWP  = 1 << 1
	uffdWriteProtectSet = 1 << 0

	ioctlUffdAPI      = 0xc018aa3f
	ioctlRegister     = 0xc020aa00
	ioctlUnregister   = 0x8010aa01
	ioctlWriteProtect = 0xc018aa06
	ioctlPagemapScan  = 0xc0606610

	pageIsWritten      = 1 << 1
	scanCheckProtected = 1 << 1 // fail for what is not registered
)

type uffdAPIArgs struct{ api, features, ioctls uint64 }

type uffdRange struct{ start, size uint64 }

type registerArgs struct {
	uffdRange
	mode, ioctls uint64
}

type writeProtectArgs struct {
	uffdRange
	mode uint64
}

// pageRegion is a run of pages that PAGEMAP_SCAN found: addresses, the end exclusive.
type pageRegion struct{ start, end, _ uint64 }

type scanArgs struct {
	size, flags       uint64
	start, end        uint64
	walkEnd           uint64 // where it stopped
	vec, vecLen       uint64 // of pageRegion
	maxPages          uint64
	categoryInverted  uint64
	categoryMask      uint64
	categoryAnyOfMask uint64
	returnMask        uint64
}

var (
	_ [24]byte = [unsafe.Sizeof(uffdAPIArgs{})]byte{}
	_ [32]byte = [unsafe.Sizeof(registerArgs{})]byte{}
	_ [16]byte = [unsafe.Sizeof(uffdRange{})]byte{}
	_ [24]byte = [unsafe.Sizeof(writeProtectArgs{})]byte{}
	_ [24]byte = [unsafe.Sizeof(pageRegion{})]byte{}
	_ [96]byte = [unsafe.Sizeof(scanArgs{})]byte{}
)

// kernel is this process's connection to both interfaces: one descriptor each, for all memories, until the process ends.
type kernel struct{ uffd, pagemap int }

var openKernel = sync.OnceValues(func() (*kernel, error) {
	pagemap, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /proc/self/pagemap: %w", err)
	}
	uffd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|uffdUserModeOnly, 0, 0)
	if errno != 0 {
		_ = unix.Close(pagemap) // nothing was written
		return nil, os.NewSyscallError("userfaultfd", errno)
	}
	api := &uffdAPIArgs{api: uffdAPI, features: uffdWPAsync | uffdWPUnpopulated}
	if _, err := ioctl(int(uffd), ioctlUffdAPI, unsafe.Pointer(api)); err != nil {
		_, _ = unix.Close(pagemap), unix.Close(int(uffd))
		return nil, os.NewSyscallError("ioctl UFFDIO_API", err)
	}
	return &kernel{int(uffd), pagemap}, nil
})

func ioctl(fd int, request uintptr, args unsafe.Pointer) (int, error) {
	n, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(args))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// rangeOf returns the addresses of b.
func rangeOf(b []byte) uffdRange {
	return uffdRange{uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), uint64(len(b))}
}

// register lets writes to b be noted.
func (k *kernel) register(b []byte) error {
	_, err := ioctl(k.uffd, ioctlRegister, unsafe.Pointer(&registerArgs{uffdRange: rangeOf(b), mode: uffdRegisterModeWP}))
	return os.NewSyscallError("ioctl UFFDIO_REGISTER", err)
}

// protect has the next write to each page of b noted. b is registered.
func (k *kernel) protect(b []byte) error {
	_, err := ioctl(k.uffd, ioctlWriteProtect, unsafe.Pointer(&writeProtectArgs{rangeOf(b), uffdWriteProtectSet}))
	return os.NewSyscallError("ioctl UFFDIO_WRITEPROTECT", err)
}

// unregister undoes register. It cannot fail for what is registered.
func (k *kernel) unregister(b []byte) {
	r := rangeOf(b)
	_, _ = ioctl(k.uffd, ioctlUnregister, unsafe.Pointer(&r))
}

// scan finds pages that were written.
func (k *kernel) scan(args *scanArgs) (int, error) {
	n, err := ioctl(k.pagemap, ioctlPagemapScan, unsafe.Pointer(args))
	return n, os.NewSyscallError("ioctl PAGEMAP_SCAN", err)
}
