package events

import (
	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// pipe connects two streams. A socket's Pipe takes what is writable for package net, the others' what is for http.
func pipe(from input, to output) error {
	switch from := from.(type) {
	case interface{ Pipe(dst http.Writable) }:
		from.Pipe(to)
	case interface{ Pipe(dst net.Writable) }:
		from.Pipe(to)
	default:
		return errScript
	}
	return nil
}
