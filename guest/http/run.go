package http

import "github.com/portholehttp/porthole/guest/internal/port"

// Run delivers events until nothing is left that could cause one: no server listens, no connection is open, no timer
// runs, and no function waits that was given to Post. Then it returns, as a node process exits. It may be
// called again when there is something to do again; called by a listener it does nothing. A listener's panic goes through it.
//
// In a plugin it returns at once, and events come when main has returned.
func Run() { port.Run() }

// Post has f called on the goroutine of Run, which may be called from any goroutine: all else in this package
// belongs to that one. Without a Run under way f waits for the next. False says that f will not be called,
// because the Run under way is at its end. In a plugin no other goroutine runs by itself.
func Post(f func()) bool { return port.Post(f) }
