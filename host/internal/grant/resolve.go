package grant

// Resolve judges a name that is resolved now and maybe connected to or listened on later, as programs do that resolve
// names themselves. A rule of it, whatever its port, is enough.
func (s *Set) Resolve(host string) error {
	for _, rules := range [][]rule{s.connect, s.listen} {
		for i := range rules {
			if r := &rules[i]; r.form <= formNetwork && r.hosts(host) {
				return nil
			}
		}
	}
	return &Error{resolving, host + ":*", ""}
}
