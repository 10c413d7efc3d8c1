package host_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

func TestConfigReportsAllFaults(t *testing.T) {
	none := host.HostFunction{Name: "f"}
	c := host.Config{NoCache: true, CacheDir: "dir", MaxStackPages: -1, HostModules: []host.HostModule{
		{Name: "porthole_http_1"}, {Name: "wasi_snapshot_preview1"}, {Name: "twice"}, {Name: "twice"}, {Name: ""},
		{Name: "own", Functions: []host.HostFunction{none}},
	}}
	err := c.Validate()
	for _, name := range []string{"CacheDir", "MaxStackPages is -1", `"porthole_http_1"`, `"wasi_snapshot_preview1"`, `"twice": it is there twice`,
		"has no name", "own.f: Call is nil"} {
		assert.ErrorContains(t, err, name)
	}
	_, again := host.New(context.Background(), c)
	assert.EqualError(t, again, err.Error())
	assert.NoError(t, (&host.Config{}).Validate())
}

func TestNewLooksAtItsContext(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(enough)
	_, err := host.New(ctx, host.Config{NoCache: true})
	assert.ErrorIs(t, err, enough)
	r, _ := newRuntime(t, host.Config{})
	_, err = r.Load(ctx, "hello", hello, host.HandlerConfig{})
	assert.ErrorIs(t, err, enough)
}

func TestLoadRefuses(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	small := host.HandlerConfig{Limits: host.Limits{MaxMemoryPages: 16}}
	for _, test := range []struct {
		name string
		wasm []byte
		want string
	}{
		{"text", []byte("not wasm"), ""},
		{"nothing", nil, ""},
		{"stack", moduletest.Stack().Encode(), "on_start"},
		{"exportless", func() []byte { s := moduletest.Handler(); s.Without("on_inbox"); return s.Encode() }(), "on_inbox"},
		{"large", func() []byte { s := moduletest.Handler(); s.Memories[0].Min = 17; return s.Encode() }(), "17 pages"},
	} {
		_, err := r.Load(context.Background(), test.name, test.wasm, small)
		var load *host.LoadError
		require.ErrorAs(t, err, &load, test.name)
		assert.Equal(t, test.name, load.Name)
		assert.ErrorContains(t, err, test.want)
		assert.ErrorContains(t, err, `host: load handler "`+test.name+`": `)
	}
	_, err := r.Load(context.Background(), "stack", moduletest.Stack().Encode(), host.HandlerConfig{})
	var contract *module.ContractError
	assert.ErrorAs(t, err, &contract)

	h, err := r.Load(context.Background(), "good", moduletest.Answering().Encode(), host.HandlerConfig{})
	require.NoError(t, err)
	assert.Equal(t, "good", h.Name())
}

func TestNewServerReportsAHandlerThatDoesNotStart(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	spec := moduletest.Trapping()
	spec.Function("on_start").Body = spec.Function("on_event").Body
	_, err := r.NewServer(load(t, r, "broken", spec.Encode()), host.ServerConfig{Shards: 3})
	var fault *host.FaultError
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "broken", fault.Guest)
	assert.Equal(t, "on_start", fault.Function)
	assert.ErrorContains(t, err, "host: guest broken ended in on_start: ")
}

func TestNewServerRefuses(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	other, _ := newRuntime(t, host.Config{})
	h := load(t, r, "hello", moduletest.Answering().Encode())
	_, err := other.NewServer(h, host.ServerConfig{})
	assert.ErrorContains(t, err, "another Runtime")
	_, err = r.NewServer(h, host.ServerConfig{Shards: -1})
	assert.ErrorContains(t, err, "Shards is -1")
}

func TestClosedRuntime(t *testing.T) {
	r, _ := newRuntime(t, host.Config{})
	h := load(t, r, "hello", moduletest.Answering().Encode())
	s, err := r.NewServer(h, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	require.NoError(t, r.Close(context.Background()))
	<-s.Done()
	assert.ErrorIs(t, s.Err(), host.ErrServerClosed)
	_, err = r.Load(context.Background(), "hello", hello, host.HandlerConfig{})
	assert.ErrorIs(t, err, host.ErrRuntimeClosed)
	_, err = r.NewServer(h, host.ServerConfig{})
	assert.ErrorIs(t, err, host.ErrRuntimeClosed)
	assert.NoError(t, r.Close(context.Background()), "again")
}
