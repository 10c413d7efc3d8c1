package moduletest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
)

// The engine agrees that what Encode writes is well-formed.
func TestEncode(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { require.NoError(t, r.Close(ctx)) }()

	start := uint32(0)
	all := Handler()
	all.Imports = nil // so that function 0 is _initialize
	all.Start = &start
	all.Custom = []Custom{{Name: "note", Data: []byte("text")}}
	for name, spec := range map[string]Spec{
		"nothing": {}, "handler": Handler(), "stack": Stack(), "all": all,
		"trapping": Trapping(), "answering": Answering(),
	} {
		_, err := r.CompileModule(ctx, spec.Encode())
		require.NoError(t, err, name)
	}
}

// Answering calls response_send once per request, with the record that abi describes.
func TestAnswering(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { require.NoError(t, r.Close(ctx)) }()
	var calls []string
	b := r.NewHostModuleBuilder(abi.ModuleHTTP)
	for _, f := range abi.HandlerImports {
		values := func(types []abi.ValueType) (v []api.ValueType) {
			for _, t := range types {
				v = append(v, api.ValueType(t))
			}
			return v
		}
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, s []uint64) {
			head, _ := m.Memory().Read(uint32(s[2]), uint32(s[3]))
			body, _ := m.Memory().Read(uint32(s[4]), uint32(s[5]))
			calls = append(calls, fmt.Sprintf("%s %d %d %+v %q", f.Name, s[0], s[1], abi.Decode[abi.ResponseHead](head), body))
			s[0] = 0
		}), values(f.Params), values(f.Results)).Export(f.Name)
	}
	_, err := b.Instantiate(ctx)
	require.NoError(t, err)
	m, err := r.InstantiateWithConfig(ctx, Answering().Encode(), wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	require.NoError(t, err)
	for _, flags := range []uint64{0, uint64(abi.EventEnd)} {
		_, err = m.ExportedFunction("on_event").Call(ctx, uint64(abi.EventRequest), flags, 7<<32|1, 0, 0)
		require.NoError(t, err)
	}
	head := fmt.Sprintf("%+v", abi.ResponseHead{TextOffset: abi.ResponseHeadSize, Status: 200})
	assert.Equal(t, []string{"response_send 30064771073 3 " + head + ` "hi\r\n"`}, calls)
	inbox, err := m.ExportedFunction("on_inbox").Call(ctx, 1000)
	require.NoError(t, err)
	assert.Equal(t, []uint64{1024}, inbox)
}
