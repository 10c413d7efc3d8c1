package dialer

// unsupportedError says what of a Destination this platform cannot do.
type unsupportedError struct{ what string }

func (e *unsupportedError) Error() string { return e.what + " is not supported on this platform" }
