//go:build amd64 || arm64

package linear

import "sync"

// What was found when it was first asked for.
var (
	protectAvailable = sync.OnceValue(func() error { return try(Protect) })
	remapAvailable   = sync.OnceValue(func() error { return try(Remap) })
)

// Available returns nil, or why the mechanism cannot be used on this machine: an old kernel, or one that was told to forbid it
// (seccomp in containers does). It is found by trying, once.
func (m Mechanism) Available() error {
	switch m {
	case Protect:
		return protectAvailable()
	case Remap:
		return remapAvailable()
	}
	return nil
}

// image remembers b, which starts at a page of the machine.
func (m Mechanism) image(b []byte) (image, error) {
	switch m {
	case Protect:
		return protectedCopyOf(b)
	case Remap:
		return mappingOf(b)
	}
	return copyOf(b)
}
