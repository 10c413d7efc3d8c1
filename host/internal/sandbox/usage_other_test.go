//go:build !linux

package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/host/internal/linear"
)

// usage is what can be asked for everywhere.
type usage struct{ linear linear.Usage }

func use(*testing.T) usage { return usage{linear.InUse()} }

func (u usage) requireFlat(t *testing.T, before usage) {
	t.Helper()
	assert.Equal(t, before, u)
}
