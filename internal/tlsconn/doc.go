// Package tlsconn makes connections of crypto/tls that know an end from a cut.
//
// Whoever is between two peers can end their TCP connection, but not forge the closure alert of TLS. A stream that ends
// without that alert may have been truncated (RFC 8446 §6.1, RFC 9112 §9.8). crypto/tls reads it as io.EOF all the same if the
// cut is between two records; a Conn of this package reads it as io.ErrUnexpectedEOF.
package tlsconn
