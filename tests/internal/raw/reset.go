package raw

import (
	"errors"
	"syscall"
)

// IsReset reports whether err says that the peer broke the connection.
func IsReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
