package tlslisten

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

// failures logs handshakes that failed, one a second at most: whoever can connect can make more.
type failures struct {
	log *slog.Logger

	mu     sync.Mutex
	next   time.Time // when to log again
	unsaid int
}

// between is the time between two lines.
const between = time.Second

// note logs a failure, or counts it. A peer that just went away is none: such as look whether the port is open.
func (f *failures) note(peer net.Addr, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Before(f.next) {
		f.unsaid++
		return
	}
	args := []any{"remote", addressText(peer), "reason", err}
	if f.unsaid > 0 {
		args = append(args, "others", f.unsaid)
	}
	f.log.Info("TLS handshake failed", args...)
	f.next, f.unsaid = now.Add(between), 0
}

// addressText is a's text. Connections of others may have no address.
func addressText(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}
