// Package descriptors counts what a process has open.
package descriptors

import (
	"os"
	"path/filepath"
	"strings"
)

// Sockets returns how many sockets this process has open; 0 where the system does not tell in /proc.
func Sockets() (n int) {
	files, _ := filepath.Glob("/proc/self/fd/*") // the pattern is good
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}
