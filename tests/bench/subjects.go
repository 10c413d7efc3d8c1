package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// subject is a server to measure: a command that prints its address on stderr when it is ready.
type subject struct {
	name    string
	command []string
}

const (
	serveNetHTTP = "serve-nethttp"
	body         = "hello world\n"
	nodeScript   = `const s = require('http').createServer((q, r) => {
  r.setHeader('Content-Type', 'text/plain'); r.end('hello world\n') });
s.listen(0, '127.0.0.1', () => console.error('listening on http://127.0.0.1:' + s.address().port))`
)

// subjects returns the servers that this machine can run, and says which it cannot.
func subjects(c config) (all []subject, missing []string) {
	self, err := os.Executable()
	if err != nil {
		return nil, []string{err.Error()}
	}
	porthole := []string{c.porthole, "serve", "--listen", "127.0.0.1:0"}
	all = []subject{
		{"porthole, 1 shard", append(porthole[:len(porthole):len(porthole)], "--shards", "1", c.handler)},
		{"porthole", append(porthole[:len(porthole):len(porthole)], c.handler)},
		{"porthole, a fresh sandbox per request", append(porthole[:len(porthole):len(porthole)], "--isolation", "fresh", c.handler)},
		{"native net/http", []string{self, serveNetHTTP}},
	}
	if node, err := exec.LookPath("node"); err == nil {
		version, err := exec.Command(node, "--version").Output()
		if err != nil {
			return all, []string{"node: " + err.Error()}
		}
		all = append(all, subject{"node " + strings.TrimSpace(string(version)), []string{node, "-e", nodeScript}})
	} else {
		missing = append(missing, "node is not installed: left out")
	}
	return all, missing
}

// runNetHTTP is the native peer: the same answer from package net/http.
func runNetHTTP() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "listening on http://%s\n", ln.Addr())
	return nethttp.Serve(ln, nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte(body)) // a client that left is its own affair
	}))
}

// process is a running subject.
type process struct {
	cmd     *exec.Cmd
	address string
}

var listening = regexp.MustCompile(`listening on http://(\S+)`)

// start runs a subject until it is ready.
func start(s subject) (*process, error) {
	cmd := exec.Command(s.command[0], s.command[1:]...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			p.address = m[1]
			go func() {
				for lines.Scan() { // so that the server never blocks on its log
				}
			}()
			return p, nil
		}
	}
	p.stop()
	return nil, errors.New(s.name + " ended before it was ready")
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill() // it may have ended already
	_ = p.cmd.Wait()         // killed: its exit status says nothing
}
