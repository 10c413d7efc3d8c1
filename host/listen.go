package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// listenConfig asks for no keep-alive probes: a handler may, for a connection of its own.
var listenConfig = net.ListenConfig{KeepAlive: -1}

// listen opens a listener on "host:port" or "unix:/path".
func listen(addr string) (net.Listener, error) {
	path, unix := strings.CutPrefix(addr, "unix:")
	if !unix {
		if _, port, err := net.SplitHostPort(addr); err != nil || port == "" { // net.Listen would take any port
			return nil, errors.Join(fmt.Errorf("host: listen %q: want host:port or unix:/path", addr), err)
		}
		return listenConfig.Listen(context.Background(), "tcp", addr)
	}
	if path == "" {
		return nil, errors.New("host: listen unix: the path is empty")
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}

// dialTimeout bounds the attempt to find out whether somebody listens. A busy owner counts as one.
const dialTimeout = time.Second

// removeStale removes the file of a socket that nobody listens on: its process did not get to remove it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("host: listen unix %s: there is a file, and not a socket", path)
	}
	conn, err := net.DialTimeout("unix", path, dialTimeout)
	if err == nil {
		_ = conn.Close() // it has told what it was for
		return fmt.Errorf("host: listen unix %s: %w", path, syscall.EADDRINUSE)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, wsaConnectionRefused) {
		return fmt.Errorf("host: listen unix %s: is it in use? %w", path, err)
	}
	return os.Remove(path)
}

// wsaConnectionRefused is what Windows says for ECONNREFUSED.
const wsaConnectionRefused = syscall.Errno(10061)
