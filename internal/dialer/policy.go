package dialer

// Policy judges what may be connected to. Its errors are shown to the guest that asked. It is called from any goroutine.
type Policy interface {
	// Destination judges what a guest has asked for, before a name is resolved. network is "tcp" or "unix"; host is a name or an
	// address, or with "unix" a path and port 0. All of it is the guest's text.
	Destination(network, host string, port int) error

	// Address judges what is about to be connected to. network is "tcp4" or "tcp6", and address "1.2.3.4:80" or
	// "[::1]:80"; or network is "unix", and address the path.
	Address(network, address string) error
}

// deniedError is what a Policy said.
type deniedError struct{ err error }

func (e *deniedError) Error() string { return e.err.Error() }
func (e *deniedError) Unwrap() error { return e.err }

// denied marks err, if there is one, as a Policy's.
func denied(err error) error {
	if err == nil {
		return nil
	}
	return &deniedError{err}
}
