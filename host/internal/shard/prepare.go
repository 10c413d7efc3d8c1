package shard

// Prepare starts the first instance of a handler, so that SetRoutes can turn to it without delay. It blocks until the handler has set
// itself up, or has failed; meanwhile the shard serves. A handler that is prepared already stays as it is. The error is a
// *sandbox.Fault if the handler is to blame, or ErrClosed.
//
// What the handler asks to listen on it gets when it is routed: see SetRoutes.
func (s *Shard) Prepare(h *Handler) error {
	result := make(chan error, 1)
	return s.await(result, func() { s.prepare(h, result) })
}

// await posts f, which sends its result, and returns that.
func (s *Shard) await(result <-chan error, f func()) error {
	if !s.loop.Post(f) {
		return ErrClosed
	}
	select {
	case err := <-result:
		return err
	case <-s.done:
	}
	select { // both may be there
	case err := <-result:
		return err
	default:
		return ErrClosed
	}
}

func (s *Shard) prepare(h *Handler, result chan<- error) {
	switch v := s.version(h); {
	case s.draining || s.stack == nil:
		result <- ErrClosed
	case v == nil:
		v = s.newVersion(h)
		v.prepared = append(v.prepared, result)
		s.add(v)
		v.start()
	case v.ready:
		result <- nil
	default:
		v.prepared = append(v.prepared, result)
	}
}

// Release undoes Prepare for a handler that no route leads to. It does nothing for any other. It does not wait: see Retired.
func (s *Shard) Release(h *Handler) {
	s.loop.Post(func() {
		if v := s.version(h); v != nil && !v.routed {
			s.retire(v)
			v.giveUp(0)
		}
	})
}

// Retired returns a channel that is closed when nothing is left of a handler in this shard: it was prepared and released, or routed
// and then not any more; its last exchange is over, and its instances are closed. It is closed too when the shard has ended, and for
// a handler that was not prepared. One that is prepared anew begins anew.
func (s *Shard) Retired(h *Handler) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.versions[h]; v != nil {
		return v.gone
	}
	return closedChannel
}

var closedChannel = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// version returns that of a handler to which something new may come; nil if there is none.
func (s *Shard) version(h *Handler) *version {
	if v := s.versions[h]; v != nil && !v.retired {
		return v
	}
	return nil
}

func (s *Shard) add(v *version) {
	s.mu.Lock()
	s.versions[v.Handler] = v
	s.mu.Unlock()
	s.all = append(s.all, v)
}
