package net

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
)

// Connect opens a TCP connection; the host is a name or address, "" for localhost. It returns a socket at once. 'connect', for which
// callbacks are listeners too, or 'error' follows: ECONNREFUSED, ENOTFOUND, ETIMEDOUT, ERR_SOCKET_BAD_PORT, … In a plugin
// it takes the host's grant to connect there, without which the error is EACCES.
func Connect(port int, host string, callback ...func()) *Socket {
	return ConnectOptions{Host: host, Port: port}.connect(0, callback)
}

// ConnectPath opens a connection to a Unix socket.
func ConnectPath(path string, callback ...func()) *Socket {
	return ConnectOptions{Path: path}.connect(0, callback)
}

// ConnectTLS opens a TLS connection, by the host. 'connect' follows when its handshake is over.
func ConnectTLS(options ConnectOptions, callback ...func()) *Socket {
	flags := abi.DestinationTLS
	if options.Insecure {
		flags |= abi.DestinationInsecure
	}
	return options.connect(flags, callback)
}

// ConnectOptions is what ConnectTLS and ConnectWith can be told.
type ConnectOptions struct {
	Host          string // name or address; "" is localhost
	Port          int
	Path          string // of a Unix socket, in place of Host and Port
	LocalAddress  string // to connect from; "" is the system's choice
	AllowHalfOpen bool   // see Socket

	// What follows is for TLS.

	ServerName string // the name to ask for and to verify; "" is the host
	CA         []byte // certificates to trust, PEM; nil: the system's
	Cert       []byte // a certificate chain to show, PEM
	Key        []byte // its private key, PEM

	// Insecure accepts any certificate: whoever is on the way can read and change everything.
	Insecure bool
}

// ConnectWith is Connect or ConnectPath, with options.
func ConnectWith(options ConnectOptions, callback ...func()) *Socket {
	return options.connect(0, callback)
}

func (o ConnectOptions) connect(flags uint32, callback []func()) *Socket {
	s := &Socket{AllowHalfOpen: o.AllowHalfOpen, connecting: true, onceConnect: callback}
	s.makeRaw()
	d := abi.Destination{Flags: flags, Kind: abi.ConnectTCP, Port: uint16(o.Port)}
	host := o.Host
	switch {
	case o.Path != "":
		d.Kind, d.Port, host = abi.ConnectUnix, 0, o.Path
	case o.Port <= 0 || o.Port > 65535:
		s.fail(errPort(o.Port))
		return s
	case host == "":
		host = "localhost"
	}
	texts := abi.DestinationTexts{Host: []byte(host), Local: []byte(o.LocalAddress)}
	if flags&abi.DestinationTLS != 0 {
		texts.ServerName, texts.Roots, texts.Cert, texts.Key = []byte(o.ServerName), o.CA, o.Cert, o.Key
	}
	handle, status := port.SocketOpen(port.Destination(&d, &texts))
	if status != abi.StatusOK {
		s.fail(openError(status))
		return s
	}
	s.handle, s.in.Handle = handle, handle
	port.Bind(handle, (*events)(s))
	return s
}
