//go:build !wasip1

package http

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/guest/internal/text"
)

func TestCommonNames(t *testing.T) {
	for _, name := range commonNames {
		assert.Equal(t, name, text.Lower(name), "in lower case")
		for _, spelling := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			assert.Equal(t, name, commonName(spelling))
		}
		for i := range name { // one byte is another one
			for c := range 256 {
				if other := name[:i] + string([]byte{byte(c)}) + name[i+1:]; isToken(other) && !strings.EqualFold(other, name) {
					assert.NotEqual(t, name, commonName(other), "%q", other)
				}
			}
		}
	}
	for _, name := range []string{"", "x", "X-Unknown", "hos", "hosts", "accept-", strings.Repeat("x", 300)} {
		assert.Empty(t, commonName(name))
	}
}

// A field value is judged the same eight bytes at a time, wherever in it a byte is.
func TestFieldValuesBytewise(t *testing.T) {
	for size := range 20 {
		for at := range size {
			for c := range 256 {
				b := []byte(strings.Repeat("é\t ~", 5)[:size])
				b[at] = byte(c)
				assert.Equal(t, isFieldValueSlow(string(b)), isFieldValue(string(b)), "%q", b)
			}
		}
	}
}

// A string that is where a token was is no token for that.
func TestTokensAreKnownByTheirSize(t *testing.T) {
	s := "Content Type"
	assert.True(t, isToken(s[:7]))
	assert.True(t, isToken(s[:7]))
	assert.False(t, isToken(s))
	assert.False(t, isToken(s[:0]))
	assert.True(t, isToken(s[:3]))
}
