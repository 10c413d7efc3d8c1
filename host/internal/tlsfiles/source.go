package tlsfiles

import (
	"bytes"
	"slices"
	"time"
)

// source is a value that is made of the contents of some files together.
type source[T any] struct {
	files []*file
	parse func(data [][]byte, now time.Time) (T, error)

	value  T
	loaded [][]byte // what value was made of
	fault  string   // what was last wrong with the files
}

func newSource[T any](parse func([][]byte, time.Time) (T, error), paths ...string) *source[T] {
	s := &source[T]{parse: parse}
	for _, path := range paths {
		s.files = append(s.files, &file{path: path})
	}
	return s
}

// refresh makes value of what is in the files now, if that has changed. An error leaves value as it was, and is returned
// each time that something else is wrong than the time before.
func (s *source[T]) refresh(now time.Time) (changed bool, err error) {
	value, data, err := s.load(now)
	switch {
	case err != nil && err.Error() == s.fault:
		return false, nil
	case err != nil:
		s.fault = err.Error()
		return false, err
	}
	s.fault = ""
	if data == nil {
		return false, nil
	}
	s.value, s.loaded = value, data
	return true, nil
}

// load returns a value and what it was made of, which is nil if that is what was loaded before.
func (s *source[T]) load(now time.Time) (value T, data [][]byte, err error) {
	for _, f := range s.files {
		content, err := f.read()
		if err != nil {
			return value, nil, err
		}
		data = append(data, content)
	}
	if slices.EqualFunc(data, s.loaded, bytes.Equal) {
		return value, nil, nil
	}
	value, err = s.parse(data, now)
	return value, data, err
}
