package grant

import (
	"errors"
	"fmt"
)

// Set is what is granted. It does not change, and may be used from any goroutine. The zero Set grants nothing.
type Set struct {
	connect, listen []rule
}

// Parse reads rules. The error names each that is wrong, and says how it should be.
func Parse(connect, listen []string) (*Set, error) {
	s := &Set{}
	var errs []error
	read := func(to *[]rule, kind string, texts []string, parse func(string) (rule, error)) {
		for _, text := range texts {
			r, err := parse(text)
			if err != nil {
				errs = append(errs, fmt.Errorf("host: the grant %q to %s: %w", text, kind, err))
				continue
			}
			*to = append(*to, r)
		}
	}
	read(&s.connect, "connect", connect, parseConnect)
	read(&s.listen, "listen", listen, parseListen)
	return s, errors.Join(errs...)
}
