package dialog

import (
	"sync"
	"time"
)

// patience bounds each wait. One that is not in vain never takes that long.
const patience = 20 * time.Second

// Stage is where a program and its peer meet: what all goroutines of a dialog share.
type Stage struct {
	mu      sync.Mutex
	changed *sync.Cond
	lines   []string // what the program told
	conns   []*conn  // those of the peer, in the order of their names' first use
	strange []*conn  // accepted, and not claimed yet
	over    bool     // the program has ended
	changes int      // how often any of that has changed
}

// NewStage makes a stage.
func NewStage() *Stage {
	s := &Stage{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// Tell adds a line of the program's log.
func (s *Stage) Tell(line string) { s.change(func() { s.lines = append(s.lines, line) }) }

// End says that the program tells no more.
func (s *Stage) End() { s.change(func() { s.over = true }) }

func (s *Stage) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.changes++
	s.changed.Broadcast()
}

// version is another one after each change.
func (s *Stage) version() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes
}

// await waits until condition holds, which is called with s locked, and returns whether it does.
func (s *Stage) await(limit time.Duration, condition func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	late := limit <= 0
	timer := time.AfterFunc(limit, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.changed.Broadcast()
	})
	defer timer.Stop()
	for !condition() {
		if late {
			return false
		}
		s.changed.Wait()
	}
	return true
}
