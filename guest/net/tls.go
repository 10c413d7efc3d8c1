package net

// Encrypted reports whether the connection is TLS, whoever speaks that for the handler.
func (s *Socket) Encrypted() bool { return s.tls("tls") != "" }

// GetProtocol returns the version of TLS in Node's words, such as "TLSv1.3"; "" if the connection is not TLS.
func (s *Socket) GetProtocol() string {
	version := s.tls("tls")
	if version == "" {
		return ""
	}
	return "TLSv" + version
}

// ALPNProtocol returns the protocol that the peers have agreed on by ALPN, such as "http/1.1"; "" if there is none.
func (s *Socket) ALPNProtocol() string { return s.tls("protocol") }

// ServerName returns the name that the client has asked for by SNI; "" if it has not.
func (s *Socket) ServerName() string { return s.tls("server-name") }
