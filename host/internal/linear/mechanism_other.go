//go:build !(linux && (amd64 || arm64))

package linear

import "errors"

// Available returns nil, or why the mechanism cannot be used on this machine.
func (m Mechanism) Available() error {
	if m == Copy {
		return nil
	}
	return errors.New("only on Linux")
}

// image remembers b.
func (m Mechanism) image(b []byte) (image, error) {
	if err := m.Available(); err != nil {
		return nil, err
	}
	return copyOf(b)
}
