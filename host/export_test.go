package host

// CacheDirOfTests is where all tests keep compiled guests.
var CacheDirOfTests string

// Connections is how many connections each shard of s has.
func Connections(s *Server) []int {
	var all []int
	for _, sh := range s.shards {
		all = append(all, sh.Connections())
	}
	return all
}
