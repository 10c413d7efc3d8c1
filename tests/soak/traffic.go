package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	nethttp "net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// traffic is the clients and their counts.
type traffic struct {
	subject *subject
	client  *nethttp.Client
	end     context.CancelFunc
	ctx     context.Context
	running sync.WaitGroup

	good, fresh, uploads, aborts, slow, attacks, reloads atomic.Int64

	mu     sync.Mutex
	failed error // the first thing that should not have
}

func (t *traffic) String() string {
	return fmt.Sprintf("hello %d fresh %d uploads %d aborted %d slow %d attacks %d reloads %d",
		t.good.Load(), t.fresh.Load(), t.uploads.Load(), t.aborts.Load(), t.slow.Load(), t.attacks.Load(), t.reloads.Load())
}

// startTraffic starts every kind of client.
func startTraffic(s *subject) *traffic {
	t := &traffic{subject: s}
	t.ctx, t.end = context.WithCancel(context.Background())
	t.client = &nethttp.Client{Transport: &nethttp.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}
	each := func(clients int, f func() error, count *atomic.Int64) {
		for range clients {
			t.running.Go(func() {
				for t.ctx.Err() == nil {
					if err := f(); err == nil {
						count.Add(1)
					} else if t.ctx.Err() == nil {
						t.fail(err)
						return
					}
				}
			})
		}
	}
	each(4, func() error { return t.get("/hello") }, &t.good)
	each(2, func() error { return t.get("/fresh") }, &t.fresh)
	each(2, t.upload, &t.uploads)
	each(2, t.abort, &t.aborts)
	each(8, t.read, &t.slow)
	each(4, t.attack, &t.attacks)
	version := 0
	each(1, func() error {
		select {
		case <-t.ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		version++
		return s.reload(t.ctx, version)
	}, &t.reloads)
	return t
}

// stop ends all clients, and returns what should not have failed.
func (t *traffic) stop() error {
	t.end()
	t.running.Wait()
	t.client.CloseIdleConnections()
	return t.failed
}

func (t *traffic) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = err
		fmt.Println("FAILED:", err)
	}
}

func (t *traffic) do(method, path string, body io.Reader) (string, error) {
	req, err := nethttp.NewRequestWithContext(t.ctx, method, "http://"+t.subject.address+path, body)
	if err != nil {
		return "", err
	}
	res, err := t.client.Do(req)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err == nil && res.StatusCode != nethttp.StatusOK {
		err = fmt.Errorf("%s: status %d", path, res.StatusCode)
	}
	return string(text), err
}

func (t *traffic) get(path string) error {
	text, err := t.do(nethttp.MethodGet, path, nil)
	if err == nil && !strings.Contains(text, "hello") {
		err = fmt.Errorf("%s: %q", path, text)
	}
	return err
}

// upload sends up to 1 MiB and looks at the hash in the answer.
func (t *traffic) upload() error {
	body := make([]byte, rand.IntN(1<<20))
	for i := range body {
		body[i] = byte(rand.Uint32())
	}
	text, err := t.do(nethttp.MethodPut, "/upload", bytes.NewReader(body))
	sum := sha256.Sum256(body)
	if err == nil && !strings.Contains(text, hex.EncodeToString(sum[:])) {
		err = fmt.Errorf("/upload: %d bytes, %q", len(body), text)
	}
	return err
}

// dial returns a connection that ends with the traffic.
func (t *traffic) dial() (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(t.ctx, "tcp", t.subject.address)
	if err == nil {
		err = c.SetDeadline(time.Now().Add(time.Minute))
	}
	return c, err
}

// abort sends a part of an upload and hangs up, with a FIN or a reset.
func (t *traffic) abort() error {
	c, err := t.dial()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c, "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n%s", strings.Repeat("x", rand.IntN(100_000)))
	if rand.IntN(2) == 0 {
		err = errors.Join(err, c.(*net.TCPConn).SetLinger(0))
	}
	_ = c.Close()
	return err
}

// read sends a request byte by byte and takes the answer as slowly.
func (t *traffic) read() error {
	c, err := t.dial()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	request := "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for i := range len(request) {
		select {
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-pace.C:
		}
		if _, err := c.Write([]byte(request[i : i+1])); err != nil {
			return err
		}
	}
	var got []byte
	piece := make([]byte, 16)
	for {
		<-pace.C
		n, err := c.Read(piece)
		got = append(got, piece[:n]...)
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return err
		case !bytes.HasPrefix(got, []byte("HTTP/1.1 200 ")):
			return fmt.Errorf("a slow client got %q", got)
		default:
			return nil
		}
	}
}

// attacks of host/testdata/hostile/attacks.wat that end, and some that are answered.
const attackLetters = "abcdefghijklmnopqstuvx"

// attack has a handler attack its host. The client takes whatever comes, and does not wait for ever.
func (t *traffic) attack() error {
	c, err := t.dial()
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	what := attackLetters[rand.IntN(len(attackLetters))]
	if _, err := fmt.Fprintf(c, "GET /%c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", what); err != nil {
		return err
	}
	_, _ = io.CopyN(io.Discard, c, 1<<20) // what comes of an attack is the attacker's affair
	return nil
}
