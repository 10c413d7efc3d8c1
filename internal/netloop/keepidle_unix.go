//go:build dragonfly || freebsd || linux || netbsd

package netloop

import "golang.org/x/sys/unix"

// keepIdle is the option for the seconds after which a silent peer is probed.
const keepIdle = unix.TCP_KEEPIDLE
