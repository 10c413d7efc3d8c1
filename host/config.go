package host

import (
	"errors"
	"fmt"
	"log/slog"
)

// Config configures a Runtime. Its zero value is ready to use.
type Config struct {
	// CacheDir is the directory for compiled guests, so that another start of the process need not compile them again.
	// It is created with mode 0700. As what is in it is executed, one that is another user's or that others can
	// write to is not used: New returns an error. "" means porthole in os.UserCacheDir; if that will not do, guests are kept
	// in memory only, and a warning is logged.
	CacheDir string

	// NoCache keeps compiled guests in memory only. CacheDir must be "" then.
	NoCache bool

	// MaxStackPages and MaxHandlerPages are the most memory one instance of the stack or of a handler
	// may have, in pages of 64 KiB. What it asks beyond is refused; a Go guest ends then. 0 means
	// DefaultMaxStackPages and DefaultMaxHandlerPages; at most 65536.
	MaxStackPages, MaxHandlerPages int

	// Logger gets faults of guests, and what handlers print, with the handler's name.
	// nil means slog.Default.
	Logger *slog.Logger
}

// Defaults of Config.
const (
	DefaultMaxStackPages   = 16384 // 1 GiB
	DefaultMaxHandlerPages = 4096  // 256 MiB
)

const maxPages = 65536 // 4 GiB: all that 32-bit pointers reach

// Validate reports all faults of c, joined.
func (c *Config) Validate() error {
	var errs []error
	if c.NoCache && c.CacheDir != "" {
		errs = append(errs, errors.New("host: CacheDir is set although NoCache is"))
	}
	pages := func(name string, n int) {
		if n < 0 || n > maxPages {
			errs = append(errs, fmt.Errorf("host: %s is %d, want 0 to %d", name, n, maxPages))
		}
	}
	pages("MaxStackPages", c.MaxStackPages)
	pages("MaxHandlerPages", c.MaxHandlerPages)
	return errors.Join(errs...)
}
