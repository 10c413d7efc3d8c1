package http

// Writable is where Pipe writes to: a *ServerResponse, for example.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}
