package wasm

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is embedded is what the record describes; that the record is up to date is for `make check`.
func TestStack(t *testing.T) {
	sum := sha256.Sum256(Stack)
	record, err := os.ReadFile("stack/stack.sum")
	require.NoError(t, err)
	lines := strings.Split(strings.ReplaceAll(string(record), "\r\n", "\n"), "\n")
	assert.True(t, slices.Contains(lines, "artifact\t"+hex.EncodeToString(sum[:])), "stack.sum is of another stack.wasm: make artifact")
}
