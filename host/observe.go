package host

// connections returns how many connections there are, those that handlers have made included.
func (s *Server) connections() (n int) {
	for _, sh := range s.shards {
		n += sh.Connections()
	}
	return n
}
