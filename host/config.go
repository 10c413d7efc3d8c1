package host

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/tetratelabs/wazero"
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

	// MaxCacheBytes is the most that the files of compiled guests take in that directory; programs of RunProgram do not count. What was used longest ago is
	// removed to make room. 0 means DefaultMaxCacheBytes, -1 no limit.
	MaxCacheBytes int64

	// Cache is a cache of the embedder's, as other runtimes of wazero in the process have it. It is not closed, and must not be before
	// the Runtime is. CacheDir, NoCache and MaxCacheBytes are not for it.
	Cache wazero.CompilationCache

	// MaxStackPages is the most memory that one instance of the stack may have, in pages of 64 KiB. What it asks beyond is
	// refused, and it ends, with the connections of its shard. 0 means DefaultMaxStackPages; at most 65536. See Limits for handlers.
	MaxStackPages int

	// HostModules are functions that handlers can be granted to import next to those of Porthole.
	HostModules []HostModule

	// NoIOUring keeps shards from io_uring, by which they send several answers at once where Linux lets them, and do without where it does not. It is for
	// where a filter ends processes that ask for it.
	NoIOUring bool

	// Clock tells the time. nil means the system's.
	Clock Clock

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

// DefaultMaxStackPages is 1 GiB.
const DefaultMaxStackPages = 16384

// DefaultMaxCacheBytes is 1 GiB. A module of Go takes some 7 MB.
const DefaultMaxCacheBytes = 1 << 30

const maxPages = 65536 // 4 GiB: all that 32-bit pointers reach

// Validate reports all faults of c, joined.
func (c *Config) Validate() error {
	var errs []error
	if c.NoCache && c.CacheDir != "" {
		errs = append(errs, errors.New("host: CacheDir is set although NoCache is"))
	}
	if c.Cache != nil && (c.NoCache || c.CacheDir != "") {
		errs = append(errs, errors.New("host: CacheDir or NoCache is set although Cache is"))
	}
	if n := c.MaxStackPages; n < 0 || n > maxPages {
		errs = append(errs, fmt.Errorf("host: MaxStackPages is %d, want 0 to %d", n, maxPages))
	}
	if c.MaxCacheBytes < -1 {
		errs = append(errs, fmt.Errorf("host: MaxCacheBytes is %d, want -1 or more", c.MaxCacheBytes))
	}
	_, err := hostModules(c.HostModules)
	return errors.Join(append(errs, err)...)
}
