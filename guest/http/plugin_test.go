//go:build !wasip1

package http

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

// plugin is testdata/plugin as a wasm module, with a fake port as its host.
type plugin struct {
	*fakePort
	host    port.Operations // what the imports go to: the fake port, or something else
	module  api.Module
	inbox   api.Function
	onEvent api.Function
	stderr  bytes.Buffer
}

// build compiles testdata/plugin for wasip1.
func build(t testing.TB, flags ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plugin.wasm")
	command := exec.Command("go", append(append([]string{"build", "-o", file}, flags...), "./testdata/plugin")...)
	command.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return file
}

func buildPlugin(t testing.TB) []byte {
	t.Helper()
	code, err := os.ReadFile(build(t, "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w"))
	require.NoError(t, err)
	return code
}

// load starts a plugin up to on_start; answers are what its first calls get.
func load(t testing.TB, code []byte, answers ...abi.Status) *plugin {
	t.Helper()
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	t.Cleanup(func() { require.NoError(t, runtime.Close(ctx)) })
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)

	p := &plugin{fakePort: &fakePort{porttest.NewHost(t)}}
	p.Answers = answers
	p.host = p.fakePort
	host := runtime.NewHostModuleBuilder(abi.ModuleHTTP)
	for name, f := range p.functions() {
		i := 0
		for abi.HandlerImports[i].Name != name {
			i++
		}
		contract := abi.HandlerImports[i]
		host.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, stack []uint64) {
			result := f(m.Memory(), stack)
			switch {
			case len(contract.Results) == 0:
			case contract.Results[0] == abi.I32:
				stack[0] = uint64(uint32(result))
			default:
				stack[0] = uint64(result)
			}
		}), valueTypes(contract.Params), valueTypes(contract.Results)).Export(name)
	}
	_, err := host.Instantiate(ctx)
	require.NoError(t, err)
	p.module, err = runtime.InstantiateWithConfig(ctx, code,
		wazero.NewModuleConfig().WithStartFunctions("_initialize").WithStderr(&p.stderr))
	require.NoError(t, err)
	p.inbox, p.onEvent = p.module.ExportedFunction("on_inbox"), p.module.ExportedFunction("on_event")
	_, err = p.module.ExportedFunction("on_start").Call(ctx)
	require.NoError(t, err)
	return p
}

func valueTypes(types []abi.ValueType) (out []api.ValueType) {
	for _, t := range types {
		out = append(out, api.ValueType(t))
	}
	return out
}

// functions are the imports, by name.
func (p *plugin) functions() map[string]func(m api.Memory, stack []uint64) int64 {
	bytes := func(m api.Memory, pointer, size uint64) []byte {
		b, ok := m.Read(uint32(pointer), uint32(size))
		require.True(p.T, ok)
		return b
	}
	done := func(f func(uint64)) func(api.Memory, []uint64) int64 {
		return func(_ api.Memory, s []uint64) int64 { f(s[0]); return 0 }
	}
	handle := func(handle uint64, status abi.Status) int64 {
		if status != abi.StatusOK {
			return -int64(status)
		}
		return int64(handle)
	}
	return map[string]func(m api.Memory, s []uint64) int64{
		"response_send": func(m api.Memory, s []uint64) int64 {
			return int64(p.host.ResponseSend(s[0], uint32(s[1]), bytes(m, s[2], s[3]), bytes(m, s[4], s[5])))
		},
		"response_inform": func(m api.Memory, s []uint64) int64 {
			return int64(p.host.ResponseInform(s[0], bytes(m, s[1], s[2])))
		},
		"exchange_pipe":  func(_ api.Memory, s []uint64) int64 { return int64(p.host.Pipe(s[0], s[1])) },
		"request_pause":  done(func(x uint64) { p.host.RequestPause(x) }),
		"request_resume": done(func(x uint64) { p.host.RequestResume(x) }),
		"exchange_abort": done(func(x uint64) { p.host.Abort(x) }),
		"server_listen": func(m api.Memory, s []uint64) int64 {
			return int64(p.host.ServerListen(uint32(s[0]), bytes(m, s[1], s[2])))
		},
		"server_close": func(_ api.Memory, s []uint64) int64 {
			p.host.ServerClose(uint32(s[0]))
			return 0
		},
		"server_listeners": func(_ api.Memory, s []uint64) int64 {
			p.host.ServerListeners(uint32(s[0]), uint32(s[1]))
			return 0
		},
		"request_open": func(m api.Memory, s []uint64) int64 { return handle(p.host.RequestOpen(bytes(m, s[0], s[1]))) },
		"request_send": func(m api.Memory, s []uint64) int64 {
			return int64(p.host.RequestSend(s[0], uint32(s[1]), bytes(m, s[2], s[3]), bytes(m, s[4], s[5])))
		},
		"socket_open": func(m api.Memory, s []uint64) int64 { return handle(p.host.SocketOpen(bytes(m, s[0], s[1]))) },
		"socket_of":   func(_ api.Memory, s []uint64) int64 { return handle(p.host.SocketOf(s[0])) },
		"socket_send": func(m api.Memory, s []uint64) int64 {
			return int64(p.host.SocketSend(s[0], uint32(s[1]), bytes(m, s[2], s[3])))
		},
		"socket_set": func(_ api.Memory, s []uint64) int64 {
			return int64(p.host.SocketSet(s[0], abi.SocketOption(s[1]), int64(s[2])))
		},
		"socket_info": func(m api.Memory, s []uint64) int64 {
			text := p.host.SocketInfo(s[0])
			if text == "" {
				return -int64(abi.StatusClosed)
			}
			if len(text) <= int(uint32(s[2])) {
				copy(bytes(m, s[1], s[2]), text)
			}
			return int64(len(text))
		},
		"timer_set": func(_ api.Memory, s []uint64) int64 {
			p.host.SetTimer(time.Duration(s[0]))
			return 0
		},
	}
}

// event delivers an event as a host does.
func (p *plugin) event(kind abi.EventKind, flags uint32, target uint64, head, body []byte) error {
	ctx := context.Background()
	if size := len(head) + len(body); size > 0 {
		result, err := p.inbox.Call(ctx, uint64(size))
		require.NoError(p.T, err)
		require.Zero(p.T, result[0]%8, "alignment")
		require.True(p.T, p.module.Memory().Write(uint32(result[0]), append(head[:len(head):len(head)], body...)))
	}
	_, err := p.onEvent.Call(ctx, uint64(kind), uint64(flags), target, uint64(len(head)), uint64(len(body)))
	return err
}

func TestPlugin(t *testing.T) {
	code := buildPlugin(t)
	t.Run("events", func(t *testing.T) { pluginEvents(t, load(t, code, abi.StatusDenied, abi.StatusOK)) })
	t.Run("sockets and timers", func(t *testing.T) { pluginSockets(t, load(t, code)) })
	t.Run("requests of its own", func(t *testing.T) { pluginRequests(t, load(t, code)) })
	t.Run("memory", func(t *testing.T) { pluginMemory(t, load(t, code)) })
	t.Run("a panic traps", func(t *testing.T) { pluginPanics(t, load(t, code)) })
}

func pluginEvents(t *testing.T, p *plugin) {
	assert.Equal(t, []string{
		"listeners 0 1",
		"listeners 0 5",
		`listen 1 kind 0 port 8000 host "" backlog 0`,
		`listen 2 kind 1 port 0 host "/run/admin.sock" backlog 0`,
	}, p.Take())
	assert.Empty(t, p.stderr.String(), "the host tells what it has not granted")

	require.NoError(t, p.event(abi.EventListening, 0, 2, []byte("unix:/run/admin.sock"), nil))
	assert.Equal(t, "listening on unix /run/admin.sock\n", p.stderr.String())

	require.NoError(t, p.event(abi.EventRequest, abi.EventEnd, 1<<32|7, porttest.RequestRecord(get, 0), nil))
	assert.Equal(t, []string{`send 4294967303 HEAD|END 200 {Content-Type: text/plain} "hello world\n"`}, p.Take())
	require.NoError(t, p.event(abi.EventRequest, abi.EventEnd, 8, porttest.RequestRecord(get, 2), nil))
	assert.Equal(t, []string{`send 8 HEAD|END 200 {} "admin"`}, p.Take())

	echo := strings.Replace(post, "/", "/echo", 1)
	require.NoError(t, p.event(abi.EventCheckContinue, 0, 9, porttest.RequestRecord(echo, 0), nil))
	assert.Equal(t, []string{"inform 9 100 {}"}, p.Take())
	p.Answers = []abi.Status{abi.StatusQueued}
	require.NoError(t, p.event(abi.EventData, 0, 9, nil, []byte("abc")))
	assert.Equal(t, []string{`send 9 HEAD 200 {} "abc"`, "pause 9", "pipe 9 to 9"}, p.Take())
	require.NoError(t, p.event(abi.EventData, abi.EventEnd, 9, nil, bytes.Repeat([]byte("d"), 64<<10)))
	assert.Empty(t, p.Take())
	require.NoError(t, p.event(abi.EventDrain, 0, 9, nil, nil))
	assert.Equal(t, []string{`send 9 "` + strings.Repeat("d", 64<<10) + `"`, `send 9 END ""`}, p.Take())

	paused := strings.Replace(post, "/", "/paused", 1)
	require.NoError(t, p.event(abi.EventRequest, abi.EventEnd, 10, porttest.RequestRecord(paused, 0), []byte("kept")))
	assert.Equal(t, []string{`send 10 HEAD 200 {} "kept"`, `send 10 END ""`}, p.Take())
}

// What else the seam has: sockets and timers.
func pluginSockets(t *testing.T, p *plugin) {
	p.Take()
	ask := func(exchange uint64, path string) {
		t.Helper()
		raw := strings.Replace(get, "/", path, 1)
		require.NoError(t, p.event(abi.EventRequest, abi.EventEnd, exchange, porttest.RequestRecord(raw, 0), nil))
	}
	ask(7, "/timer")
	require.Len(t, p.Log, 1)
	assert.Regexp(t, `^timer (1s|999(\.\d+)?ms)$`, p.Take()[0])
	require.NoError(t, p.event(abi.EventTimer, 0, 0, nil, nil)) // too early, by the plugin's clock
	assert.Contains(t, p.Take()[0], "timer ")

	p.Sockets[8] = 1<<32 | 20
	p.Infos[1<<32|20] = "server-name=" + strings.Repeat("x", 3000) + "\nremote=192.0.2.1:80\n"
	ask(8, "/remote")
	assert.Equal(t, []string{`send 8 HEAD|END 200 {} "192.0.2.1"`}, p.Take())
	ask(9, "/remote")
	assert.Equal(t, []string{`send 9 HEAD|END 200 {} ""`}, p.Take(), "the exchange has no connection any more")

	ask(10, "/tunnel")
	assert.Equal(t, []string{"socket open unix:/run/other.sock", "socket set 101 timeout 1000000000"}, p.Take())
	require.NoError(t, p.event(abi.EventData, 0, 101, nil, []byte("through")))
	assert.Equal(t, []string{`send 10 HEAD 200 {} "through"`, "pipe 101 to 10"}, p.Take())
	p.Answers = []abi.Status{abi.StatusDenied}
	ask(11, "/tunnel")
	assert.Equal(t, []string{"socket open unix:/run/other.sock", `send 11 HEAD|END 200 {} "EACCES: connect: not granted"`}, p.Take())

	require.NoError(t, p.event(abi.EventUpgrade, 0, 30, porttest.RequestRecord(upgrade, 0), []byte("first")))
	require.NoError(t, p.event(abi.EventData, 0, 30, nil, []byte("second")))
	require.NoError(t, p.event(abi.EventData, abi.EventEnd, 30, nil, nil))
	require.NoError(t, p.event(abi.EventClose, abi.EventDone, 30, nil, nil))
	assert.Equal(t, []string{`socket send 30 "first"`, `socket send 30 "second"`, "pipe 30 to 30", `socket send 30 END ""`}, p.Take())
}

func pluginRequests(t *testing.T, p *plugin) {
	proxy := porttest.RequestRecord(strings.Replace(post, "/", "/proxy", 1), 0)
	const opened = "request open upstream:8080 agent 1 sockets 5 headers 1000"
	p.Take()
	require.NoError(t, p.event(abi.EventRequest, 0, 7, slices.Clone(proxy), []byte("a")))
	require.NoError(t, p.event(abi.EventData, abi.EventEnd, 7, nil, []byte("b")))
	assert.Equal(t, []string{
		opened, `request send 101 HEAD POST / {Host: upstream:8080} "a"`, "pipe 7 to 101", `request send 101 END "b"`,
	}, p.Take())
	require.NoError(t, p.event(abi.EventSocket, 0, 101, binary.LittleEndian.AppendUint64(nil, 55), nil))
	require.NoError(t, p.event(abi.EventConnected, 0, 55, nil, nil))
	assert.Equal(t, []string{"socket set 55 timeout 1000000000"}, p.Take())
	require.NoError(t, p.event(abi.EventResponse, 0, 101, porttest.ResponseRecord("HTTP/1.1 201 Created\r\n\r\n", 0, abi.BodyChunked), []byte("c")))
	require.NoError(t, p.event(abi.EventData, abi.EventEnd|abi.EventDone, 101, nil, nil))
	assert.Equal(t, []string{`send 7 HEAD 201 {} "c"`, "pipe 101 to 7", `send 7 END ""`}, p.Take())

	require.NoError(t, p.event(abi.EventRequest, abi.EventEnd, 8, proxy, nil))
	p.Take()
	require.NoError(t, p.event(abi.EventError, abi.StatusFlags(abi.StatusDenied), 102, []byte("EACCES no grant to connect to upstream:8080"), nil))
	require.NoError(t, p.event(abi.EventClose, abi.EventDone, 102, nil, nil))
	assert.Equal(t, []string{`send 8 HEAD|END 502 {} "EACCES: no grant to connect to upstream:8080"`}, p.Take())
}

// A hello in wasm allocates what it does natively, and garbage is collected between events only.
func pluginMemory(t *testing.T, p *plugin) {
	p.Take()
	ask := func() (mallocs, collections, forced int) {
		require.NoError(t, p.event(abi.EventRequest, abi.EventEnd, 7, porttest.RequestRecord(strings.Replace(get, "/", "/memory", 1), 0), nil))
		_, err := fmt.Sscanf(p.Take()[0], `send 7 HEAD|END 200 {} "%d %d %d"`, &mallocs, &collections, &forced)
		require.NoError(t, err)
		return
	}
	p.host = porttest.Quiet{}
	head := porttest.RequestRecord(get, 0)
	hello := func(exchanges int) {
		for n := range exchanges {
			require.NoError(t, p.event(abi.EventRequest, abi.EventEnd, uint64(n), head, nil))
		}
	}
	hello(10) // the first ones allocate for good
	p.host = p.fakePort
	before, _, _ := ask()
	p.host = porttest.Quiet{}
	hello(200)
	p.host = p.fakePort
	after, _, _ := ask()
	assert.Less(t, after-before, 100)

	p.host = porttest.Quiet{}
	hello(30_000)
	p.host = p.fakePort
	_, collections, forced := ask()
	assert.Positive(t, collections)
	assert.Equal(t, collections, forced)
}

func pluginPanics(t *testing.T, p *plugin) {
	head := porttest.RequestRecord(strings.Replace(get, "/", "/panic", 1), 0)
	assert.Error(t, p.event(abi.EventRequest, abi.EventEnd, 7, head, nil))
	assert.Contains(t, p.stderr.String(), "panic: as the client wished")
}

func TestStandaloneBuilds(t *testing.T) { build(t, "-tags=standalone") }

func BenchmarkPluginHello(b *testing.B) {
	p := load(b, buildPlugin(b))
	p.host = porttest.Quiet{}
	ctx := context.Background()
	head := porttest.RequestRecord(strings.Replace(get, "\r\n\r\n", "\r\nUser-Agent: wrk\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\r\n", 1), 0)
	b.ResetTimer()
	stack := make([]uint64, 5)
	for i := range b.N {
		stack[0] = uint64(len(head))
		if err := p.inbox.CallWithStack(ctx, stack); err != nil {
			b.Fatal(err)
		}
		p.module.Memory().Write(uint32(stack[0]), head)
		copy(stack, []uint64{uint64(abi.EventRequest), uint64(abi.EventEnd), uint64(i), uint64(len(head)), 0})
		if err := p.onEvent.CallWithStack(ctx, stack); err != nil {
			b.Fatal(err)
		}
	}
}
