// Package dialer makes the connections that guests ask for. It blocks, so it is called off the event loop.
//
//	abi.Destination ─► Policy.Destination ─► resolve ─► Policy.Address, connect ─► TLS ─► net.Conn
//	                                                    each address, the first that answers
//
// The address is judged where it is used: between the creation of its socket and connect(2). A name that is
// resolved a second time, to something else, gains nothing by it.
package dialer
