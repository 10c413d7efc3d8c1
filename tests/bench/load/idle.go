//go:build linux

package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Idle is connections that have had an answer each, and are kept.
type Idle []*net.TCPConn

// OpenIdle opens so many connections, one after the other, and exchanges a request and its answer on each.
func OpenIdle(ctx context.Context, address string, connections int, request []byte) (Idle, error) {
	idle := make(Idle, 0, connections)
	buf := make([]byte, 16<<10)
	for i := range connections {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp4", address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connection %d: %w", i+1, err), idle.Close())
		}
		idle = append(idle, conn.(*net.TCPConn))
		if err := exchange(conn, request, buf); err != nil {
			return nil, errors.Join(fmt.Errorf("connection %d: %w", i+1, err), idle.Close())
		}
	}
	return idle, nil
}

// Close resets all connections.
func (idle Idle) Close() error {
	var errs []error
	for _, conn := range idle {
		errs = append(errs, conn.SetLinger(0), conn.Close())
	}
	return errors.Join(errs...)
}

const answerTimeout = 10 * time.Second

func exchange(conn net.Conn, request, buf []byte) error {
	if err := conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil {
		return err
	}
	return receive(conn, buf, new(responses))
}

// receive reads until a response has ended.
func receive(conn net.Conn, buf []byte, r *responses) error {
	for {
		n, err := conn.Read(buf)
		ended, malformed := r.feed(buf[:n])
		switch {
		case malformed != nil:
			return malformed
		case ended > 0:
			return nil
		case err != nil:
			return err
		}
	}
}
