package wasi

// Flush ends the lines of output that the guest has begun: what it writes after a reset is not of the same line.
func (s *System) Flush() {
	for _, w := range []any{s.Stdout, s.Stderr} {
		if f, ok := w.(interface{ Flush() }); ok {
			f.Flush()
		}
	}
}
