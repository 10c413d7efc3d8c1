//go:build !wasip1

package port

import (
	"errors"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

func TestListenStatus(t *testing.T) {
	wrap := func(err error) error {
		return &net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", err)}
	}
	for _, c := range []struct {
		err  error
		want abi.Status
	}{
		{wrap(errnosInUse[0]), abi.StatusInUse},
		{wrap(errnosUnavailable[0]), abi.StatusUnavailable},
		{wrap(errnosDenied[0]), abi.StatusDenied},
		{wrap(errnosLimit[0]), abi.StatusLimit},
		{&net.OpError{Op: "listen", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "x"}}, abi.StatusUnavailable},
		{errors.ErrUnsupported, abi.StatusUnsupported},
		{errors.New("anything else"), abi.StatusInvalid},
	} {
		assert.Equal(t, c.want, listenStatus(c.err), "%v", c.err)
	}
}
