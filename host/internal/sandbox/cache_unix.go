//go:build unix

package sandbox

import (
	"fmt"
	"os"
	"syscall"
)

// checkPrivate refuses a directory into which another user could have put something. Root could anyway.
func checkPrivate(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return &UnsafeCacheError{dir, "its owner is unknown"}
	}
	if uid := os.Geteuid(); int(stat.Uid) != uid {
		return &UnsafeCacheError{dir, fmt.Sprintf("it belongs to user %d, this process is of user %d", stat.Uid, uid)}
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return &UnsafeCacheError{dir, fmt.Sprintf("its mode %#o lets others write to it", mode)}
	}
	return nil
}
