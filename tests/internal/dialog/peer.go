package dialog

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Program is what runs a script, and tells its stage what happens.
type Program interface {
	Port() int                       // of its server, 0 if it has none
	Do(label string) bool            // what the script has under a label
	Settle(limit time.Duration) bool // until it has dealt with all that has arrived
	Stop()
}

// Peer does the steps of a scenario.
type Peer struct {
	stage    *Stage
	program  Program
	listener net.Listener // nil if the program has a Unix socket of its own
	path     string       // of the Unix socket, "" for TCP
	expected string       // the log that should come; "" if that is not known
	hold     bool         // connections that are accepted are held; under the stage's lock
	names    map[string]*conn
}

// Listen makes a peer, and has it listen for a program that is a client: at a port, or at the path of a Unix socket unless the
// program listens there.
func Listen(s *Stage, expected, path string, serves bool) (*Peer, error) {
	p := &Peer{stage: s, path: path, expected: expected, names: map[string]*conn{}}
	var err error
	switch {
	case path == "":
		p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	case !serves:
		p.listener, err = net.Listen("unix", path)
	}
	if err != nil {
		return nil, err
	}
	if p.listener != nil {
		go p.accept()
	}
	return p, nil
}

// Address is its port, or the path.
func (p *Peer) Address() string {
	if p.path != "" {
		return p.path
	}
	return strconv.Itoa(p.listener.Addr().(*net.TCPAddr).Port)
}

func (p *Peer) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.stage.change(func() { p.stage.strange = append(p.stage.strange, p.stage.open(c, false, p.hold)) })
	}
}

// Close breaks what is open: nothing of it shall wait for an answer.
func (p *Peer) Close() {
	if p.listener != nil {
		_ = p.listener.Close()
	}
	p.stage.change(func() {
		for _, c := range append(p.stage.conns, p.stage.strange...) {
			c.reset()
			c.held = false
		}
	})
}

// Run does the steps, one a line, and returns the log: see outcome. Also if a step fails, to tell why.
func (p *Peer) Run(program Program, steps string) (string, error) {
	p.program = program
	if err := p.steps(steps); err != nil {
		return p.log(), err
	}
	return p.outcome()
}

func (p *Peer) steps(steps string) error {
	for line := range strings.Lines(steps) {
		list, err := words(line)
		if err == nil && len(list) > 0 {
			err = p.step(list)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(line), err)
		}
	}
	return nil
}

func (p *Peer) step(list []string) error {
	switch verb := list[0]; {
	case verb == "do" && len(list) == 2:
		if !p.program.Do(list[1]) {
			return errHangs
		}
	case verb == "settle" && len(list) == 1:
		return p.settle()
	case verb == "unix" && len(list) == 1: // Scenario.Unix looks at it
	case verb == "hold" && len(list) == 1:
		p.stage.change(func() { p.hold = true })
	case verb == "log":
		return p.awaitLog(strings.Join(list[1:], " "))
	case len(list) > 1:
		return p.connStep(list[0], list[1], list[2:])
	default:
		return fmt.Errorf("no such step")
	}
	return nil
}

var errHangs = errors.New("the program hangs")

func (p *Peer) settle() error {
	for range 3 {
		if !p.program.Settle(patience) {
			return errHangs
		}
	}
	return nil
}

// awaitLog waits for a line. A program in whose log it is not expected is only given the time to settle.
func (p *Peer) awaitLog(text string) error {
	found := func() bool {
		for _, line := range p.stage.lines {
			if strings.HasPrefix(line, text) {
				return true
			}
		}
		return false
	}
	return p.awaitEither(found, strings.Contains("\n"+p.expected, "\n"+text))
}

// unknown is how long a recording waits for what may not come at all.
const unknown = time.Second

// awaitEither waits for condition if it is expected, and otherwise for the program to settle.
func (p *Peer) awaitEither(condition func() bool, expected bool) error {
	switch {
	case p.expected == "":
		p.stage.await(unknown, condition)
	case !expected:
		return p.settle()
	case !p.stage.await(patience, func() bool { return condition() || p.stage.over }):
		return fmt.Errorf("it does not come")
	}
	return nil
}

func (p *Peer) connStep(name, verb string, args []string) error {
	text := strings.Join(args, "")
	switch verb {
	case "connect", "connect-half-open", "connect-held":
		return p.connect(name, verb == "connect-half-open", verb == "connect-held")
	case "accept", "accept-half-open":
		return p.claim(name, text, verb == "accept-half-open")
	}
	c, ok := p.names[name]
	switch {
	case !ok:
		return fmt.Errorf("no connection %s", name)
	case c == nil:
		return nil
	}
	switch verb {
	case "send":
		c.send(text)
	case "await":
		return p.awaitBytes(c, text)
	case "await-end":
		return p.awaitEither(func() bool { return c.ended != "" },
			strings.Contains(p.expected, name+" ended") || strings.Contains(p.expected, name+" reset"))
	case "release":
		p.stage.change(func() { c.held = false })
	case "end":
		_ = c.net.CloseWrite()
	case "close":
		c.close()
	case "reset":
		c.reset()
	default:
		return fmt.Errorf("no such step")
	}
	return nil
}

func (p *Peer) connect(name string, half, held bool) error {
	network, address := "tcp", "127.0.0.1:"+strconv.Itoa(p.program.Port())
	if p.path != "" {
		network, address = "unix", p.path
	}
	c, err := net.Dial(network, address)
	if err != nil {
		return err
	}
	p.add(name, p.stage.open(c, half, held))
	return nil
}

// claim takes an accepted connection: the next on which text has come.
func (p *Peer) claim(name, text string, half bool) error {
	var claimed *conn
	condition := func() bool {
		for i, c := range p.stage.strange {
			if strings.Contains(string(c.received), text) {
				claimed = c
				p.stage.strange = append(p.stage.strange[:i:i], p.stage.strange[i+1:]...)
				c.half = half
				return true
			}
		}
		return false
	}
	if err := p.awaitEither(condition, wire(p.expected, name) != ""); err != nil {
		return err
	}
	if claimed == nil && !p.stage.await(0, condition) {
		p.names[name] = nil // that program does not make it
		return nil
	}
	p.add(name, claimed)
	return nil
}

func (p *Peer) add(name string, c *conn) {
	p.names[name] = c
	p.stage.change(func() {
		c.name = name
		p.stage.conns = append(p.stage.conns, c)
	})
}

// awaitBytes waits for bytes behind those that were waited for before.
func (p *Peer) awaitBytes(c *conn, text string) error {
	found := func() bool {
		i := bytes.Index(c.received[c.searched:], []byte(text))
		if i < 0 {
			c.searched = max(c.searched, len(c.received)-len(text)+1)
			return false
		}
		c.searched += i + len(text)
		return true
	}
	return p.awaitEither(found, strings.Contains(wire(p.expected, c.name), quote(text)))
}
