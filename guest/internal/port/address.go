package port

// UnixPrefix begins the text of an address that is the path of a Unix socket. Any other is host:port.
const UnixPrefix = "unix:"
