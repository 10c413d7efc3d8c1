package http

// Writable is where Pipe writes to, such as a *ServerResponse.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

// Pipe writes the body to dst and ends it with the body's end. While dst does not keep up the request is paused, so
// that the client of this exchange sends no faster than the receiver of dst reads. If dst has an
// OnClose(func()), the rest of the body is discarded after it.
func (r *ServerRequest) Pipe(dst Writable) {
	open := true
	if c, ok := dst.(interface{ OnClose(func()) }); ok {
		c.OnClose(func() {
			open = false
			r.Resume()
		})
	}
	dst.OnDrain(func() {
		if open {
			r.Resume()
		}
	})
	r.OnData(func(chunk []byte) {
		if open && !dst.Write(chunk) {
			r.Pause()
		}
	})
	r.OnEnd(func() {
		if open {
			dst.End()
		}
	})
}
