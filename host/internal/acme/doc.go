// Package acme obtains certificates from an authority that speaks ACME (RFC 8555), such as Let's Encrypt, and renews them.
//
// The authority connects to port 443 of each domain to see that it is this server's, with the protocol acme-tls/1 (TLS-ALPN-01, RFC
// 8737): what listens there has to give such handshakes to Manager.Challenge. Certificates and keys are kept in a directory.
//
// golang.org/x/crypto/acme/autocert does the work. Here is what it leaves open: no client's handshake makes an order, so that
// clients cannot use up what the authority allows; none waits longer than its own time; what goes wrong is logged; all ends with Close.
package acme
