//go:build linux

package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

const pieceSize = 256 << 10 // bytes that are read or written at a time

// Download asks for path on a connection of its own and returns how long it took until all of the body, which must be size bytes, was
// there.
func Download(ctx context.Context, address, path string, size int64) (time.Duration, error) {
	return transfer(ctx, address, func(conn net.Conn) error {
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, address); err != nil {
			return err
		}
		var r responses
		if err := receive(conn, make([]byte, pieceSize), &r); err != nil {
			return err
		}
		if r.bodyBytes != size {
			return fmt.Errorf("a body of %d bytes instead of %d", r.bodyBytes, size)
		}
		return nil
	})
}

// Upload posts a body of size bytes on a connection of its own and returns how long it took until it was answered.
func Upload(ctx context.Context, address, path string, size int64) (time.Duration, error) {
	return transfer(ctx, address, func(conn net.Conn) error {
		if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", path, address, size); err != nil {
			return err
		}
		piece := make([]byte, pieceSize)
		for left := size; left > 0; {
			n, err := conn.Write(piece[:min(left, pieceSize)])
			if err != nil {
				return err
			}
			left -= int64(n)
		}
		return receive(conn, piece, new(responses))
	})
}

func transfer(ctx context.Context, address string, do func(net.Conn) error) (took time.Duration, err error) {
	start := time.Now()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp4", address)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // the transfer fails then, and says so
	defer stop()
	if err := do(conn); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}
