//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/portholehttp/porthole/tests/bench/load"
)

// server is a running process that has answered a request.
type server struct {
	address string
	pid     int
	firstOK time.Duration // from the process's start to that answer

	cmd   *exec.Cmd
	said  tail
	ended chan struct{} // closed once the process has ended
	err   error         // what it ended with; valid then
}

const startTimeout = 5 * time.Minute // a thousand handlers take their time

// startServer runs a command until GET / is answered with status 200.
func startServer(ctx context.Context, command []string, address string, env ...string) (*server, error) {
	s := &server{address: address, ended: make(chan struct{})}
	s.cmd = exec.Command(command[0], command[1:]...)
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	start := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.pid = s.cmd.Process.Pid
	go func() {
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	if err := s.untilReady(ctx); err != nil {
		s.stop()
		return nil, fmt.Errorf("%w; it said: %s", err, s.said.String())
	}
	s.firstOK = time.Since(start)
	return s, nil
}

// untilReady asks until the answer is status 200. What is refused before is only not there yet.
func (s *server) untilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := s.ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("it ended before it was ready: %w", errors.Join(s.err, err))
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", errors.Join(ctx.Err(), err))
		case <-time.After(500 * time.Microsecond):
		}
	}
}

func (s *server) ask(ctx context.Context) error {
	conn, err := load.OpenIdle(ctx, s.address, 1, get(s.address, "/"))
	return errors.Join(err, conn.Close())
}

// stop ends the process and waits for it. It may have ended already.
func (s *server) stop() {
	_ = s.cmd.Process.Kill() // fails only if it has
	<-s.ended
}

// failure adds what a server has to say to an error of its client.
func (s *server) failure(err error) error {
	select {
	case <-s.ended:
		err = fmt.Errorf("%w; the server ended: %w", err, s.err)
	default:
	}
	if said := s.said.String(); said != "" {
		return fmt.Errorf("%w; it said: %s", err, said)
	}
	return err
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 1 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailSize; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}

// freeAddress is one of this machine where nobody listens. Its port is not among those that clients are given, of which the
// load takes thousands.
func freeAddress() (string, error) {
	var err error
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		var ln net.Listener
		if ln, err = net.Listen("tcp4", address); err == nil {
			return address, ln.Close()
		}
	}
	return "", err
}
