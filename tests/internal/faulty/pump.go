package faulty

import (
	"errors"
	"io"
	"net"
	"time"
)

// lateness is what a late piece is late by.
const lateness = time.Millisecond

// pump passes bytes on in one direction.
func (p *Proxy) pump(from, to *net.TCPConn, plan plan) {
	buffer := make([]byte, 1<<15)
	passed, pieces := 0, 0
	for {
		n, err := from.Read(buffer)
		for b := buffer[:n]; len(b) > 0; {
			size := min(len(b), plan.piece)
			if plan.fault != none {
				size = min(size, plan.after-passed)
			}
			if pieces++; pieces <= plan.late {
				time.Sleep(lateness) // this is the fault, and no test waits for it
			}
			if _, err := to.Write(b[:size]); err != nil {
				tear(from, to)
				return
			}
			passed += size
			b = b[size:]
			if plan.fault != none && passed == plan.after {
				p.faults.Add(1)
				fail(from, to, plan.fault)
				return
			}
		}
		if errors.Is(err, io.EOF) {
			_ = to.CloseWrite() // it may be closed already
			return
		}
		if err != nil {
			tear(from, to)
			return
		}
	}
}

// fail makes the fault happen.
func fail(from, to *net.TCPConn, f fault) {
	if f == reset {
		tear(from, to)
		return
	}
	_ = to.CloseWrite() // it may be closed already
	_, _ = io.Copy(io.Discard, from)
}

// tear breaks both connections, so that the peers get a reset.
func tear(conns ...*net.TCPConn) {
	for _, conn := range conns {
		_ = conn.SetLinger(0) // it may be closed already
		_ = conn.Close()
	}
}
