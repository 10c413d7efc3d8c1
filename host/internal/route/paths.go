package route

import "slices"

// paths are the patterns of one host.
type paths[T any] struct {
	exact   map[string]*entry[T]
	below   map[string]*entry[T] // those that end in a slash
	lengths []int                // of the keys of below, each once, the longest first
}

// entry is one pattern.
type entry[T any] struct {
	pattern string
	value   T
}

func (p *paths[T]) add(path string, e *entry[T]) {
	if path[len(path)-1] != '/' {
		if p.exact == nil {
			p.exact = make(map[string]*entry[T])
		}
		p.exact[path] = e
		return
	}
	if p.below == nil {
		p.below = make(map[string]*entry[T])
	}
	p.below[path] = e
	if !slices.Contains(p.lengths, len(path)) {
		p.lengths = append(p.lengths, len(path))
		slices.SortFunc(p.lengths, func(a, b int) int { return b - a })
	}
}

// match returns what the longest path that matches stands for, or nil. An exact one is the longest. p may be nil.
func (p *paths[T]) match(path []byte) *entry[T] {
	if p == nil {
		return nil
	}
	if e := p.exact[string(path)]; e != nil {
		return e
	}
	for _, n := range p.lengths {
		if n <= len(path) && path[n-1] == '/' {
			if e := p.below[string(path[:n])]; e != nil {
				return e
			}
		}
	}
	return nil
}
