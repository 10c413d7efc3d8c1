// Package tests holds the suites that look at the whole: bytes on a socket, through the protocol engine and a handler, to
// bytes on a socket.
//
//	scenarios     one table of requests and what must be on the wire then, for the native and the sandboxed server
//	differential  the same bytes to Node, net/http and us; each difference is listed with its reason
//	clients       curl, Node's Agent, net/http's client, wrk
//	memory        large bodies against slow readers, at stable memory
//
// Tests of a program that is missing are skipped, unless PORTHOLE_REQUIRE_PEERS is set.
package tests
