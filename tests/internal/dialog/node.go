package dialog

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// node is a process of Node that interprets a script.
type node struct {
	stage   *Stage
	cmd     *exec.Cmd
	in      io.WriteCloser
	port    int
	settled int // under the stage's lock
	asked   int
	ended   chan struct{}
}

// StartNode runs a script, which it puts into a file, in the interpreter, another. peer is a port, or the path of a Unix socket.
func StartNode(s *Stage, program, interpreter, file, script, peer string) (Program, error) {
	if err := os.WriteFile(file, []byte(script), 0o666); err != nil {
		return nil, err
	}
	n := &node{stage: s, cmd: exec.Command(program, "--no-deprecation", interpreter, file, peer), ended: make(chan struct{})}
	n.cmd.Stderr = os.Stderr
	var err error
	if n.in, err = n.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err == nil {
		port, _ := strings.CutPrefix(strings.TrimSpace(first), "listening ")
		n.port, err = strconv.Atoi(port)
	}
	go n.read(lines)
	if err != nil {
		n.Stop()
		return nil, fmt.Errorf("node does not start: %q: %w", first, err)
	}
	return n, nil
}

func (n *node) read(lines *bufio.Reader) {
	defer close(n.ended)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			n.stage.End()
			return
		}
		line = strings.TrimSuffix(line, "\n")
		if number, ok := strings.CutPrefix(line, "settled "); ok {
			n.stage.change(func() { n.settled, _ = strconv.Atoi(number) })
		} else {
			n.stage.Tell(line)
		}
	}
}

func (n *node) Port() int { return n.port }

func (n *node) Do(label string) bool { return n.ask(patience, "do", " "+label) }

func (n *node) Settle(limit time.Duration) bool { return n.ask(limit, "settle", "") }

// ask sends a line, and waits for its answer.
func (n *node) ask(limit time.Duration, verb, rest string) bool {
	n.asked++
	asked := n.asked
	n.command(verb + " " + strconv.Itoa(asked) + rest)
	return n.stage.await(limit, func() bool { return n.settled >= asked || n.stage.over })
}

// command sends a line. If the process has ended, so has its log.
func (n *node) command(line string) { _, _ = io.WriteString(n.in, line+"\n") }

func (n *node) Stop() {
	_ = n.cmd.Process.Kill()
	<-n.ended
	_ = n.cmd.Wait() // it was killed
}
