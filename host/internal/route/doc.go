// Package route says which handler a request is for, by its host and the beginning of its path. It parses no HTTP: both come
// from the record that the stack made of the request's head.
//
// A pattern is [HOST]/PATH:
//
//	/                   every request
//	/api/               every path below /api/, and /api/ itself
//	/api                that path only
//	example.com/        every path of a host, whatever the port
//	*.example.com/api/  the hosts under a domain, at any depth, but not the domain itself
//	[::1]/              an IPv6 address, as in a URL
//
// The longest host that matches comes first, an exact one before one with *, and a pattern without a host last; then
// the longest path. A host none of whose paths match gives way to the next.
//
// A path is compared as it came, byte by byte up to a '?': dot segments are not resolved, nor is percent-encoding. So a
// pattern is no place for access control: the handler that gets a path judges what it means.
package route
