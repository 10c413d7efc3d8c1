package acme

import (
	"errors"
	"fmt"
	"os"
)

// openCache makes the directory for certificates and keys, with mode 0700, or sees that others cannot look into the one that is there.
func openCache(dir string) error {
	if dir == "" {
		return errors.New("there is no directory for certificates")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if reason := exposed(info); reason != "" {
		return fmt.Errorf("directory %s, for private keys: %s", dir, reason)
	}
	return nil
}
