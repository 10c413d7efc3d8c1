package moduletest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
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
	for name, spec := range map[string]Spec{"nothing": {}, "handler": Handler(), "stack": Stack(), "all": all} {
		_, err := r.CompileModule(ctx, spec.Encode())
		require.NoError(t, err, name)
	}
}
