//go:build wasip1 && !standalone

package http

import (
	"strings"

	"github.com/portholehttp/porthole/guest/internal/port"
)

// Addr has the methods of net.Addr, and can be assigned to one. Package net itself would make
// every plugin a third larger.
type Addr interface {
	Network() string // "tcp" or "unix"
	String() string  // "127.0.0.1:8080" or "/run/handler.sock"
}

type address struct{ network, text string }

func (a *address) Network() string { return a.network }
func (a *address) String() string  { return a.text }

// parseAddress reads the text of EventListening.
func parseAddress(text string) Addr {
	if path, ok := strings.CutPrefix(text, port.UnixPrefix); ok {
		return &address{"unix", path}
	}
	return &address{"tcp", text}
}
