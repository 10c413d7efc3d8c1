package module_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/wasm"
)

// The built stack fits its contract and, of the functions it may import, needs every one.
func TestArtifactMeetsContract(t *testing.T) {
	m, err := module.Read(wasm.Stack)
	require.NoError(t, err)
	require.NoError(t, m.CheckStack())

	imported := map[string]bool{}
	for _, i := range m.Imports {
		imported[i.Module+"."+i.Name] = true
	}
	for _, f := range abi.StackImports {
		assert.True(t, imported[f.Module+"."+f.Name], "%s.%s is not imported", f.Module, f.Name)
	}
}
