// Package tests holds the suites that look at the whole: bytes on a socket, through the protocol engine and a handler, to
// bytes on a socket.
//
//	scenario, refusals     one table of requests, and what must be on the wire then, for the native and the sandboxed server
//	hangup, pressure       clients that go away, send too much or read too little; a server that is closed
//	hangup, storm          handlers that die
//	differential           the same bytes to Node, net/http and us; each difference is listed with its reason
//	events                 scripts run by Node 0.8, Node 20 and us: the same events in the same order, the same bytes
//	curl, node_agent, …    real clients
//	memory                 large bodies at stable memory; PORTHOLE_SOAK=1 makes them 1 GiB
//
// Tests of a program that is missing are skipped, unless PORTHOLE_REQUIRE_PEERS is set.
package tests
