// Package tlslisten is a net.Listener that hands out TLS connections whose handshake is over.
//
//	inner.Accept ──► slot ──► handshake, one goroutine each ──► Accept
//
// So a peer that is slow, silent or no TLS client holds up neither who accepts nor who serves. How many handshakes are in
// progress is bounded; beyond that, connections wait in the kernel, and peers that are slow give way.
package tlslisten
