//go:build !wasip1

package text

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNamesAreComparedAsASCII(t *testing.T) {
	assert.True(t, EqualFold("Content-Type", "cONTENT-tYPE"))
	assert.False(t, EqualFold("a", "ab"))
	assert.False(t, EqualFold("@", "`"), "differ by the bit that letters differ by")
	assert.False(t, EqualFold("\u212a", "k"), "the sign of Kelvin is no k")
	assert.False(t, EqualFold("\xc3\x84", "\xc3\xa4"), "only ASCII letters have cases")
	assert.Equal(t, "already-lower", Lower("already-lower"))
	assert.Equal(t, "x-\xc3\x84[", Lower("X-\xc3\x84["))
}
