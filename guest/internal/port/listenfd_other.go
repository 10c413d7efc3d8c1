//go:build !unix && !wasip1

package port

import (
	"errors"
	"net"
)

// listenFD fails: there are no such descriptors here.
func listenFD(int) (net.Listener, error) { return nil, errors.ErrUnsupported }
