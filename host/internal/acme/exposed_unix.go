//go:build unix

package acme

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// exposed says how another user could get at what is in a directory. Root could anyway.
func exposed(dir fs.FileInfo) string {
	if stat, ok := dir.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Sprintf("it belongs to user %d, this process is of user %d", stat.Uid, os.Geteuid())
	}
	if mode := dir.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Sprintf("its mode %#o lets others in; want 0700", mode)
	}
	return ""
}
