package dialog

import (
	"fmt"
	"time"
)

// outcome waits for the log that is expected, makes sure that nothing follows, and returns the log that it is. Where none is
// expected it waits until nothing changes any more.
func (p *Peer) outcome() (string, error) {
	var log string
	if p.expected == "" {
		for last := time.Now(); time.Since(last) < unknown/2; time.Sleep(unknown / 20) {
			if now := p.log(); now != log {
				log, last = now, time.Now()
			}
		}
		return log, nil
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err := p.settle(); err != nil {
			return p.log(), err
		}
		before, seen := log, p.stage.version()
		log = p.log()
		if diverged(log, p.expected) || log == p.expected && log == before {
			return log, nil
		}
		if log != p.expected {
			p.stage.await(time.Second, func() bool { return p.stage.changes != seen })
		}
	}
	return log, fmt.Errorf("no more comes")
}
