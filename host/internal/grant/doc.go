// Package grant parses what a host lets its handlers connect to and listen on, and judges what they ask for. What no
// rule grants is denied.
//
// A connection is judged twice. Before its name is resolved, by what the handler asked for:
//
//	a name        needs a rule of that name, of a domain it is in ("*.example.com"), or "*"
//	an address    needs a rule of that address or of a network it is in, or "*"
//	a Unix path   needs a rule of exactly that path, or of a directory above it ("unix:/dir/*")
//
// And then each address by itself, where it is connected to: one of this machine or its link (loopback, link-local with the cloud's
// metadata, unspecified, multicast) needs a rule of that address or its network, or for loopback the name localhost.
// So whoever controls the DNS of a granted name cannot lead a handler to what only this machine should reach.
package grant
