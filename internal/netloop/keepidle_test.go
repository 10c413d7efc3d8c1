//go:build unix && !darwin

package netloop

import "golang.org/x/sys/unix"

const keepIdle = unix.TCP_KEEPIDLE
