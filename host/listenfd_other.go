//go:build !unix

package host

import (
	"errors"
	"fmt"
	"net"
)

// listenFD does not work here.
func listenFD(fd int) (net.Listener, error) {
	return nil, fmt.Errorf("host: listen fd:%d: %w", fd, errors.ErrUnsupported)
}
