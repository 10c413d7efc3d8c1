// Package netloop is an event loop over net.Conn and net.Listener with a single owner: every event is
// delivered on the goroutine of Run, so what hangs on a loop needs no lock.
package netloop
