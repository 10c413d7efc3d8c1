package net

import (
	"time"

	"github.com/portholehttp/porthole/abi"
)

// What a client's request has to do with its socket's timeout. It has one of its own, for as long as it has the socket. The next request
// on the socket wants the same as a rule: so the engine goes on with it meanwhile, and is told when it passes, or is not wanted.

// Borrower is a request that has a socket for a while.
type Borrower interface {
	// TimedOut tells that nothing has come or gone for as long as Lend was told.
	TimedOut()
}

// Lend gives s a timeout that b is told of. It is for package http.
func Lend(s *Socket, d time.Duration, b Borrower) {
	if !s.returned || s.timeout != d {
		s.SetTimeout(d)
	}
	s.returned, s.borrower = false, b
}

// Return takes back what Lend gave to b, with callbacks that wait for a timeout. It is for package http.
func Return(s *Socket, b Borrower) {
	if s.borrower == b {
		s.borrower, s.returned = nil, s.timeout > 0
		s.onceTimeout = nil
	}
}

// unwanted reports whether a timeout is one that was returned, and if so has no more of them.
func (s *Socket) unwanted() bool {
	if !s.returned {
		return false
	}
	s.returned, s.timeout = false, 0
	s.set(abi.SocketTimeout, 0)
	return true
}
