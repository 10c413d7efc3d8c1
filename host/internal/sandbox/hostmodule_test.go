package sandbox_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

func TestHostModules(t *testing.T) {
	ctx := context.Background()
	failure := errors.New("the database is away")
	modules := HostModules{"env": {
		{Name: "nothing", Call: func(ctx context.Context, _ api.Module, s []uint64) {
			if Owner[*caller](ctx).called(7) == 0 {
				panic(failure)
			}
		}},
		{Name: "mix", Params: []api.ValueType{api.ValueTypeI32, api.ValueTypeF64}, Results: []api.ValueType{api.ValueTypeI64}, Call: func(context.Context, api.Module, []uint64) {}},
	}}
	assert.Equal(t, []abi.Function{
		{Module: "env", Name: "nothing", Params: []abi.ValueType{}, Results: []abi.ValueType{}},
		{Module: "env", Name: "mix", Params: []abi.ValueType{abi.I32, 0x7c}, Results: []abi.ValueType{abi.I64}},
	}, modules.Imports())

	e, err := NewEngine(ctx, EngineConfig{Cache: cache, MemoryPages: 16, HostModules: modules})
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close(ctx)) }()
	m, err := e.Compile(ctx, "embedded", guest(t, "embedded"), CompileConfig{})
	require.NoError(t, err)
	var got uint32
	i, err := m.Instantiate(InstanceConfig{Owner: &caller{called: func(n uint32) uint32 { got += n; return n - got + 7 }}})
	require.NoError(t, err)
	defer i.Close()
	call := function(t, i, "call", 0, 0)
	_, err = call.Call()
	require.NoError(t, err)
	assert.EqualValues(t, 7, got, "it acted on the owner")
	_, err = call.Call()
	assert.ErrorIs(t, err, failure)
}

func TestHostModulesThatAreRefused(t *testing.T) {
	call := func(context.Context, api.Module, []uint64) {}
	good := HostFunction{Name: "f", Call: call}
	for want, modules := range map[string]HostModules{
		"a host module has no name": {"": {good}},
		`host module "porthole_http_1": names that begin with "porthole_" are reserved`:   {"porthole_http_1": {good}},
		`host module "porthole_meter": names that begin with "porthole_" are reserved`:    {"porthole_meter": {good}},
		`host module "wasi_snapshot_preview1": names that begin with "wasi" are reserved`: {"wasi_snapshot_preview1": {good}},
		"host function m.f: it is there twice":                                            {"m": {good, good}},
		"host function m.f: Call is nil":                                                  {"m": {{Name: "f"}}},
		"host function m.f: values of type 0x6f cannot be passed":                         {"m": {{Name: "f", Call: call, Params: []api.ValueType{api.ValueTypeExternref}}}},
		"host function m.f: values of type 0x7b cannot be passed":                         {"m": {{Name: "f", Call: call, Results: []api.ValueType{0x7b}}}},
	} {
		_, err := NewEngine(context.Background(), EngineConfig{Cache: cache, MemoryPages: 1, HostModules: modules})
		assert.EqualError(t, err, want)
	}
}
