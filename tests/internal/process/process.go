// Package process runs a server as a process of its own, and looks at its memory.
package process

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Process is a server that runs.
type Process struct {
	Addr string
	cmd  *exec.Cmd
}

// Build compiles a package of this module into file.
func Build(t testing.TB, file, pkg string) string {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", file, pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
	return file
}

// Start runs a program that says "listening on http://ADDR" on its standard error when it does. It is killed with the test.
func Start(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	cmd := exec.Command(program, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	said := make(chan struct{})
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("%v has ended by itself: %v", cmd, err)
		}
		<-said
		_ = cmd.Wait() // it was killed
	})
	var before strings.Builder
	for {
		line, err := lines.ReadString('\n')
		if addr, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on http://"); ok {
			go func() {
				defer close(said)
				_, _ = io.Copy(os.Stderr, lines) // what it says later is worth to be seen
			}()
			return &Process{Addr: addr, cmd: cmd}
		}
		before.WriteString(line)
		if err != nil {
			close(said)
			t.Fatalf("%v does not listen: %v\n%s", cmd, err, before.String())
		}
	}
}

// ResetPeak forgets the largest size so far.
func (p *Process) ResetPeak(t testing.TB) {
	t.Helper()
	const peak = "5" // proc(5): resets the peak resident set size
	if err := os.WriteFile(p.file("clear_refs"), []byte(peak), 0); err != nil {
		t.Fatal(err)
	}
}

// Resident returns how much of the process is in memory, and was at most since ResetPeak, in bytes.
func (p *Process) Resident(t testing.TB) (now, peak int64) {
	t.Helper()
	text, err := os.ReadFile(p.file("status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch {
		case name != "VmRSS" && name != "VmHWM":
		case err != nil:
			t.Fatal(err)
		case name == "VmRSS":
			now = kib << 10
		default:
			peak = kib << 10
		}
	}
	if now == 0 || peak == 0 {
		t.Fatalf("no VmRSS and VmHWM in\n%s", text)
	}
	return now, peak
}

func (p *Process) file(name string) string {
	return fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name)
}
