//go:build !wasip1

package text

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/guest/internal/port"
)

func TestEncodingNames(t *testing.T) {
	for name, want := range map[string]Encoding{
		"": UTF8, "utf8": UTF8, "UTF-8": UTF8, "ascii": ASCII, "latin1": Latin1,
		"binary": Latin1, "ucs2": UTF16, "ucs-2": UTF16, "utf16le": UTF16,
		"UTF-16LE": UTF16, "base64": Base64, "Hex": Hex,
	} {
		got, err := Named(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	_, err := Named("utf7")
	assert.ErrorIs(t, err, &port.Error{Code: "ERR_UNKNOWN_ENCODING"})
}

// The expectations are those of Node 20's Buffer.from.
func TestEncodeText(t *testing.T) {
	for _, c := range []struct{ encoding, text, want string }{
		{"utf8", "é€😀", "c3a9e282acf09f9880"},
		{"latin1", "é€😀", "e9ac3d00"},
		{"ascii", "é€😀", "e9ac3d00"},
		{"ucs2", "é€😀", "e900ac203dd800de"},
		{"hex", "0aFf", "0aff"},
		{"hex", "abc", "ab"},
		{"hex", "abxx12", "ab"},
		{"hex", "zz", ""},
		{"base64", "YWI=", "6162"},
		{"base64", "YWI=YWI=", "6162"},
		{"base64", "YW", "61"},
		{"base64", "Y", ""},
		{"base64", "Y W\nI", "6162"},
		{"base64", "Y-_/+", "63efff"},
		{"base64", "=YWI=", ""},
	} {
		got, err := Encode(c.text, []string{c.encoding})
		require.NoError(t, err)
		assert.Equal(t, c.want, hex.EncodeToString(got), "%s of %q", c.encoding, c.text)
	}
}

// The expectations are those of Node 20's StringDecoder, with U+FFFD for half of a surrogate pair.
var decoderCases = []struct{ encoding, bytes, want string }{
	{"utf8", "68c3a9e282acf09f988021", "hé€😀!"},
	{"utf8", "e28241", "\uFFFDA"},
	{"utf8", "f09f98", "\uFFFD"},
	{"utf8", "e0", "\uFFFD"},
	{"utf8", "c080", "\uFFFD\uFFFD"},
	{"utf8", "eda08041", "\uFFFD\uFFFD\uFFFDA"},
	{"utf8", "f8808080", "\uFFFD\uFFFD\uFFFD\uFFFD"},
	{"utf8", "41ff42f09fc3a9e2e282ac", "A\uFFFDB\uFFFDé\uFFFD€"},
	{"utf8", "efbfbd", "\uFFFD"},
	{"ascii", "41c1ff", "AA\x7f"},
	{"latin1", "41e9ff80", "Aéÿ\u0080"},
	{"binary", "e9", "é"},
	{"ucs2", "4100e900ac203dd800de", "Aé€😀"},
	{"utf16le", "3dd84100", "\uFFFDA"},
	{"utf16le", "3dd83dd800de", "\uFFFD😀"},
	{"utf16le", "00de4100", "\uFFFDA"},
	{"utf16le", "3dd8", "\uFFFD"},
	{"utf16le", "410042", "A"},
	{"utf16le", "3dd800", "\uFFFD"},
	{"base64", "", ""},
	{"base64", "61", "YQ=="},
	{"base64", "6162", "YWI="},
	{"base64", "616263", "YWJj"},
	{"base64", "fbefbeff00ff10", "++++/wD/EA=="},
	{"hex", "00ff10", "00ff10"},
}

func TestDecoderDoesNotDependOnTheCut(t *testing.T) {
	for _, c := range decoderCases {
		p, err := hex.DecodeString(c.bytes)
		require.NoError(t, err)
		for i := 0; i <= len(p); i++ {
			for j := i; j <= len(p); j++ {
				assert.Equal(t, c.want, decodeText(t, c.encoding, p[:i], p[i:j], p[j:]), "%s of %s cut at %d and %d", c.encoding, c.bytes, i, j)
			}
		}
		var single [][]byte
		for i := range p {
			single = append(single, p[i:i+1])
		}
		assert.Equal(t, c.want, decodeText(t, c.encoding, single...), "%s of %s byte by byte", c.encoding, c.bytes)
	}
}

func decodeText(t *testing.T, encoding string, pieces ...[]byte) string {
	t.Helper()
	e, err := Named(encoding)
	require.NoError(t, err)
	d := Decoder{encoding: e}
	text := ""
	for _, p := range pieces {
		text += string(d.Write(p))
	}
	text += string(d.End())
	assert.Empty(t, d.End(), "nothing is left after the end")
	return text
}

func TestDecoderNeverSplitsACharacter(t *testing.T) {
	p := []byte("é€😀")
	for i := range p {
		d := Decoder{encoding: UTF8}
		for _, piece := range [][]byte{p[:i], p[i:]} {
			for _, r := range string(d.Write(piece)) {
				assert.NotEqual(t, '\uFFFD', r, "cut at %d", i)
			}
		}
	}
}

func TestDecoderPassesWholeTextThrough(t *testing.T) {
	p := []byte("hé€😀")
	d := Decoder{encoding: UTF8}
	assert.Same(t, &p[0], &d.Write(p)[0])
}

func FuzzDecoder(f *testing.F) {
	for _, c := range decoderCases {
		p, err := hex.DecodeString(c.bytes)
		require.NoError(f, err)
		f.Add(c.encoding, p, uint(1), uint(2))
	}
	f.Fuzz(func(t *testing.T, encoding string, p []byte, i, j uint) {
		if _, err := Named(encoding); err != nil {
			return
		}
		a := int(i % uint(len(p)+1))
		b := a + int(j%uint(len(p)-a+1))
		assert.Equal(t, decodeText(t, encoding, p), decodeText(t, encoding, p[:a], p[a:b], p[b:]))
	})
}
