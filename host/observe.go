package host

import "github.com/portholehttp/porthole/host/internal/shard"

// observing returns whom shards tell what becomes of the handler, nil if nobody looks.
func (h *Handler) observing() shard.Observer {
	if h.observer == nil {
		return nil
	}
	return h.observer
}

// connections returns how many connections there are, those that handlers have made included.
func (s *Server) connections() (n int) {
	for _, sh := range s.shards {
		n += sh.Connections()
	}
	return n
}
