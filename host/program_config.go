package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"github.com/portholehttp/porthole/host/internal/grant"
)

// ProgramConfig is what a program of RunProgram gets. The zero value gives it nothing.
type ProgramConfig struct {
	// Name is what the program finds as its first argument, and errors call it. "" means "program".
	Name string

	// Args are the arguments after the name.
	Args []string

	// Env is the environment, "NAME=VALUE" each.
	Env []string

	// Stdin is the standard input; nil: it is empty. A read of one that is no *os.File is not interrupted when ctx ends.
	Stdin io.Reader

	// Stdout and Stderr are where output goes; nil: it is discarded.
	Stdout, Stderr io.Writer

	// Dirs are directories of the host that the program sees.
	Dirs []ProgramDir

	// Grants says what sockets may connect to and listen on, TCP and UDP alike; a rule fd:N of Listen means nothing here. A name that
	// the program resolves must be of some rule, and the addresses that it has are then reached by the rules of the name.
	//
	// "unix:/dir/*" stands for every path below /dir.
	Grants Grants

	// OnDenied, if not nil, is told the first time that something is not granted, with an error that says what rule is missing. The
	// program itself sees only EACCES. It may be called from several goroutines, not two at a time.
	OnDenied func(error)

	// OnListening, if not nil, is told of each socket that begins to listen, where that is. It is called on the goroutine of RunProgram.
	OnListening func(net.Addr)

	// MaxMemoryPages is the most memory, in pages of 64 KiB. What the program asks beyond is refused; one in Go ends then. 0 means
	// DefaultMaxProgramPages; at most 65536.
	MaxMemoryPages int

	// MaxSockets is how many sockets may be open; opening or accepting beyond fails with EMFILE. 0 means DefaultMaxProgramSockets; at
	// most 1048576.
	MaxSockets int

	// Resolver resolves names; it is called from several goroutines. nil means net.DefaultResolver.
	Resolver interface {
		LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	}

	// CacheDir and NoCache are as in Config.
	CacheDir string
	NoCache  bool

	// Logger is told that the default cache will not do. nil means slog.Default.
	Logger *slog.Logger
}

// DeniedError says what is not granted, and how to grant it.
type DeniedError = grant.Error

// ProgramDir is a directory of the host in the file system of a program. The program sees all that is below it, and what
// symbolic links in it lead to; it can make such links unless ReadOnly is set. So without ReadOnly, Dirs is for programs that are trusted
// with the files of the host.
type ProgramDir struct {
	Host     string // path of the host
	Guest    string // absolute path that the program sees
	ReadOnly bool   // also: links that lead out of it are not followed
}

// Defaults of ProgramConfig.
const (
	DefaultMaxProgramPages   = 16384 // 1 GiB
	DefaultMaxProgramSockets = 4096
)

const maxProgramSockets = 1 << 20

// Validate reports all faults of c, joined.
func (c *ProgramConfig) Validate() error {
	errs := []error{c.Grants.Validate()}
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf("host: "+format, args...)) }
	if c.MaxMemoryPages < 0 || c.MaxMemoryPages > maxPages {
		fault("MaxMemoryPages is %d, want 0 to %d", c.MaxMemoryPages, maxPages)
	}
	if c.MaxSockets < 0 || c.MaxSockets > maxProgramSockets {
		fault("MaxSockets is %d, want 0 to %d", c.MaxSockets, maxProgramSockets)
	}
	for _, text := range append([]string{c.Name}, append(c.Args, c.Env...)...) {
		if strings.ContainsRune(text, 0) {
			fault("a zero byte in the argument or variable %q", text)
		}
	}
	for _, variable := range c.Env {
		if name, _, ok := strings.Cut(variable, "="); !ok || name == "" {
			fault("the variable %q: want NAME=VALUE", variable)
		}
	}
	for _, d := range c.Dirs {
		if d.Host == "" || !strings.HasPrefix(d.Guest, "/") {
			fault("the directory %q as %q: want a path of the host and an absolute one", d.Host, d.Guest)
		}
	}
	if c.NoCache && c.CacheDir != "" {
		fault("CacheDir is set although NoCache is")
	}
	return errors.Join(errs...)
}
