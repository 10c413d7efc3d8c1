// Package net is Node's net.Socket in Go, for handlers: a connection as a stream of bytes in both directions, such as
// package http hands out after 'upgrade' and 'connect', and as Connect makes.
//
//	socket := net.Connect(6379, "localhost", func() { … })
//	socket.OnData(func(chunk []byte) { … })
//	socket.OnError(func(err error) { … })
//	socket.WriteString("PING\r\n")
//
// What package http says of listeners, of errors and of its one goroutine holds here too: both have the
// same event loop, which http.Run runs.
//
// The life of a socket:
//
//	                  'connect'     'data' …              'end': the peer has ended its side
//	Connect ─► connecting ──► open ──────────┬──────────► half open ──┐
//	                               Write …   │ End                    │ End
//	                                         ▼                        ▼
//	                                     half open ─── 'end' ────► 'close'(false)
//
//	at any time: 'error', then 'close'(true); Destroy, then 'close'(false)
//
// Each socket ends with 'close', once. As long as HTTP is spoken on a connection its socket is package http's: it can be asked, set
// and destroyed, but not written to, and has neither 'data' nor 'end'.
package net
