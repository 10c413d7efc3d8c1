package flow

// Writable is where Pipe writes to: a *http.ServerResponse, a *http.ClientRequest, a *net.Socket.
type Writable interface {
	// Write takes a chunk, which the caller uses again, and returns false if 'drain' should be waited for.
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

// Pipe writes what comes to dst, and ends dst at the end. While dst does not keep up r is paused, so that the
// sender is no faster than the receiver of dst. If dst has an OnClose(func()) or OnClose(func(bool)), what
// comes after it is discarded.
func (r *Readable) Pipe(dst Writable) {
	open := true
	closed := func() {
		open = false
		r.Resume()
	}
	switch c := dst.(type) {
	case interface{ OnClose(func()) }:
		c.OnClose(closed)
	case interface{ OnClose(func(hadError bool)) }:
		c.OnClose(func(bool) { closed() })
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
