package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const request = "GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"

// load keeps connections busy with one request at a time each.
type load struct {
	count atomic.Int64
	stop  atomic.Bool
	wg    sync.WaitGroup
	mu    sync.Mutex
	err   error
}

// startLoad opens the connections and begins.
func startLoad(address string, connections int) *load {
	l := &load{}
	for range connections {
		l.wg.Go(func() {
			if err := l.client(address); err != nil {
				l.mu.Lock()
				l.err = errors.Join(l.err, err)
				l.mu.Unlock()
			}
		})
	}
	return l
}

// end stops the load and returns what went wrong.
func (l *load) end() error {
	l.stop.Store(true)
	l.wg.Wait()
	return l.err
}

func (l *load) client(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // all that was sent has been answered
	if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return err
	}
	r := bufio.NewReader(conn)
	for !l.stop.Load() {
		if _, err := io.WriteString(conn, request); err != nil {
			return err
		}
		if err := readResponse(r); err != nil {
			return err
		}
		l.count.Add(1)
	}
	return nil
}

// readResponse reads one response with a Content-Length and checks it.
func readResponse(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answered %q", line)
	}
	length := -1
	for len(bytes.TrimRight(line, "\r\n")) > 0 {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && len(name) == len("content-length") && bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length != len(body) {
		return fmt.Errorf("a body of %d bytes", length)
	}
	_, err = r.Discard(length)
	return err
}
