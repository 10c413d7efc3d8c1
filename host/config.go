package host

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
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

	// Metrics is where the Runtime registers what it counts: docs/observability.md lists it. Runtimes may share one; handlers of the same
	// name are counted together then, unless prometheus.WrapRegistererWith gives each Runtime a label of its own. Runtime.Close
	// takes back what was registered. nil means none.
	Metrics prometheus.Registerer

	// TracerProvider makes a span of each request, whose parent is taken from the client's traceparent field; the handler gets the span's own
	// in place of it. Clients can ask to be sampled, so a sampler that goes by the parent, as the SDK's default one, is for
	// clients that are trusted. nil means no spans, and that the handler gets the client's fields.
	TracerProvider trace.TracerProvider
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
