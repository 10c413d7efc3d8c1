package subject

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	nethttp "net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/tests/internal/dialog"
)

// eventsProgram is the interpreter of scripts as a module.
const eventsProgram = "github.com/portholehttp/porthole/tests/internal/events/program"

// EventsHost is a host whose handler interprets scripts, any number at a time.
type EventsHost struct {
	runtime *host.Runtime
	server  *host.Server
	url     string
	client  nethttp.Client
	keys    atomic.Int64
}

// StartEventsHost builds the interpreter in a directory, and starts a host for it, which grants these Unix sockets.
func StartEventsHost(dir string, sockets []string) (*EventsHost, error) {
	file, err := Build(filepath.Join(dir, "events.wasm"), eventsProgram)
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	h := &EventsHost{}
	if h.runtime, err = host.New(ctx, host.Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}); err != nil {
		return nil, err
	}
	local := []string{"127.0.0.1:*"}
	for _, path := range sockets {
		local = append(local, "unix:"+path)
	}
	handler, err := h.runtime.Load(ctx, "events", code, host.HandlerConfig{
		Grants: host.Grants{Connect: local, Listen: local},
		Limits: host.Limits{EventTimeout: time.Minute}, // a busy machine is no difference
	})
	if err != nil {
		return nil, err
	}
	// One shard: scripts and their control meet in one instance.
	h.server, err = h.runtime.NewServer(handler, host.ServerConfig{Shards: 1})
	if err != nil {
		return nil, err
	}
	addr, err := h.server.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.url = "http://" + addr.String()
	return h, nil
}

// Close ends the host.
func (h *EventsHost) Close() error {
	h.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.server.Shutdown(ctx); err != nil {
		return err
	}
	return h.runtime.Close(ctx)
}

// hostedEvents is a script that runs in a sandbox.
type hostedEvents struct {
	host *EventsHost
	key  string
	log  io.Closer
	port int
	read sync.WaitGroup
}

// Start runs a script, whose peer has a port, or the path of a Unix socket.
func (h *EventsHost) Start(stage *dialog.Stage, script, peer string) (dialog.Program, error) {
	p := &hostedEvents{host: h, key: strconv.FormatInt(h.keys.Add(1), 10)}
	r, err := h.client.Post(h.url+"/run?key="+p.key+"&peer="+peer, "text/plain", strings.NewReader(script))
	if err != nil {
		return nil, err
	}
	p.log = r.Body
	lines := bufio.NewReader(r.Body)
	line, err := lines.ReadString('\n')
	if err == nil {
		p.port, err = listeningPort(strings.TrimSuffix(line, "\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("the script does not start: %w", err)
	}
	p.read.Go(func() {
		defer stage.End()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			stage.Tell(strings.TrimSuffix(line, "\n"))
		}
	})
	return p, nil
}

func (p *hostedEvents) Port() int { return p.port }

func (p *hostedEvents) Do(label string) bool {
	return p.post(patience, "/do?key="+p.key+"&label="+label)
}

func (p *hostedEvents) Settle(limit time.Duration) bool {
	for range 4 {
		if !p.post(limit, "/settle") {
			return false
		}
	}
	return true
}

func (p *hostedEvents) post(limit time.Duration, target string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	q, err := nethttp.NewRequestWithContext(ctx, "POST", p.host.url+target, bytes.NewReader(nil))
	if err != nil {
		return false
	}
	r, err := p.host.client.Do(q)
	return err == nil && r.Body.Close() == nil
}

func (p *hostedEvents) Stop() {
	p.post(patience, "/stop?key="+p.key) // that it fails is seen when the host is closed
	p.read.Wait()
	_ = p.log.Close() // it was read to its end
}
