//go:build !wasip1

package http

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/guest/internal/text"
)

func TestHeadersGetMergesAsNodeDoes(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		want   string
	}{
		{"Accept", []string{"a", "b"}, "a, b"},
		{"X-Anything", []string{"a", "", "c"}, "a, , c"},
		{"Cookie", []string{"a=1", "b=2"}, "a=1; b=2"},
		{"Content-Type", []string{"a", "b"}, "a"},
		{"Content-Length", []string{"1", "2"}, "1"},
		{"Host", []string{"a", "b"}, "a"},
		{"User-Agent", []string{"a", "b"}, "a"},
		{"Authorization", []string{"a", "b"}, "a"},
		{"Set-Cookie", []string{"a", "b"}, "a"},
		{"Proxy-Authenticate", []string{"a", "b"}, "a, b"},
		{"Nothing", nil, ""},
	} {
		h := Headers{{"Before", "x"}}
		for _, v := range c.values {
			h.Add(c.name, v)
			h.Add("Between", "y")
		}
		assert.Equal(t, c.want, h.Get(text.Lower(c.name)), c.name)
		assert.Equal(t, c.values, h.Values(c.name), c.name)
		assert.Equal(t, len(c.values) > 0, h.Has(c.name), c.name)
	}
}

func TestHeadersSetAddDel(t *testing.T) {
	var h Headers
	h.Set("A", "1")
	h.Add("b", "2")
	h.Add("a", "3")
	h.Add("c", "4")
	h.Set("A", "5")
	assert.Equal(t, Headers{{"A", "5"}, {"b", "2"}, {"c", "4"}}, h, "in place of the first, the others are gone")
	h.Del("B")
	assert.Equal(t, Headers{{"A", "5"}, {"c", "4"}}, h)
	h.Del("none")
	h.Set("new", "6")
	assert.Equal(t, Headers{{"A", "5"}, {"c", "4"}, {"new", "6"}}, h)
}

func TestValidation(t *testing.T) {
	for c := range 256 {
		s := string([]byte{byte(c)})
		token := c > ' ' && c < 0x7f && !containsByte("\"(),/:;<=>?@[\\]{}", byte(c))
		assert.Equal(t, token, isToken("a"+s+"b"), "token byte %#x", c)
		value := c == '\t' || c >= ' ' && c != 0x7f
		assert.Equal(t, value, isFieldValue("a"+s+"b"), "value byte %#x", c)
	}
	assert.False(t, isToken(""))
	assert.True(t, isFieldValue(""))
	assert.Equal(t, `"a\x0d\x0a\x22\x5c\xffb"`, quote("a\r\n\"\\\xffb"))
}

func containsByte(s string, c byte) bool { return indexByte(s, c) >= 0 }
