package subject

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/tests/internal/dialog"
	"github.com/portholehttp/porthole/tests/internal/events"
)

// nativeEvents is a script that runs in the event loop of the native servers.
type nativeEvents struct {
	run  *events.Run
	port int
}

// StartNativeEvents runs a script, whose peer has a port, or the path of a Unix socket.
func StartNativeEvents(stage *dialog.Stage, script, peer string) (dialog.Program, error) {
	native.start.Do(runNative)
	p := &nativeEvents{}
	first := make(chan string, 1)
	listening := false
	http.Post(func() {
		p.run = events.Start(script, peer, func(line string) {
			if listening {
				stage.Tell(line)
			} else {
				first <- line
			}
			listening = true
		})
	})
	select {
	case line := <-first:
		var err error
		p.port, err = listeningPort(line)
		return p, err
	case <-time.After(patience):
		return nil, errPatience
	}
}

// listeningPort reads the first line of a log.
func listeningPort(line string) (int, error) {
	text, ok := strings.CutPrefix(line, "listening ")
	port, err := strconv.Atoi(text)
	if !ok || err != nil {
		return 0, fmt.Errorf("%q in place of the port", line)
	}
	return port, nil
}

func (p *nativeEvents) Port() int { return p.port }

func (p *nativeEvents) Do(label string) bool { return p.post(patience, func() { p.run.Do(label) }) }

func (p *nativeEvents) Settle(limit time.Duration) bool {
	for range 8 {
		if !p.post(limit, func() {}) {
			return false
		}
	}
	return true
}

func (p *nativeEvents) post(limit time.Duration, f func()) bool {
	done := make(chan struct{})
	http.Post(func() {
		defer close(done)
		f()
	})
	select {
	case <-done:
		return true
	case <-time.After(limit):
		return false
	}
}

func (p *nativeEvents) Stop() { p.post(patience, p.run.Stop) }
