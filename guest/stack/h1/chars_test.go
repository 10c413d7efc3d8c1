package h1

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestClasses compares the table with the rules of the RFCs, written in another way.
func TestClasses(t *testing.T) {
	const alphaDigit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	visible := ""
	for c := byte(0x21); c <= 0x7E; c++ {
		visible += string(rune(c))
	}
	obsText := make([]byte, 0, 128)
	for c := 0x80; c <= 0xFF; c++ {
		obsText = append(obsText, byte(c))
	}
	for _, class := range []struct {
		name    string
		class   uint8
		members string
	}{
		{"tchar", classToken, "!#$%&'*+-.^_`|~" + alphaDigit},
		{"field value", classValue, "\t " + visible + string(obsText)},
		{"target", classTarget, strings.ReplaceAll(visible, "#", "")},
		{"reg-name", classHost, alphaDigit + "-._~" + "!$&'()*+,;="},
		{"DIGIT", classDigit, "0123456789"},
		{"HEXDIG", classHex, "0123456789abcdefABCDEF"},
	} {
		for c := range 256 {
			want := strings.IndexByte(class.members, byte(c)) >= 0
			if got := is(byte(c), class.class); got != want {
				t.Errorf("%s: byte %#02x: %v", class.name, c, got)
			}
		}
	}
	for want, c := range []byte("0123456789abcdef") {
		if got := hexDigit(c); got != byte(want) {
			t.Errorf("%c is %d", c, got)
		}
		if got := hexDigit(strings.ToUpper(string(rune(c)))[0]); got != byte(want) {
			t.Errorf("capital %c is %d", c, got)
		}
	}
}

// TestSkipByWords compares the loops that take eight bytes at a time with plain ones: with each byte value at
// each place of a run of good bytes, with each pair of bytes side by side, and with noise.
func TestSkipByWords(t *testing.T) {
	plain := func(b []byte, i uint, class uint8) uint {
		for i < uint(len(b)) && is(b[i], class) {
			i++
		}
		return i
	}
	check := func(b []byte, from uint) {
		t.Helper()
		for class := classToken; class != 0; class <<= 1 {
			if got, want := skip(b, from, class), plain(b, from, class); got != want {
				t.Errorf("class %#x %q from %d: %d, want %d", class, b, from, got, want)
			}
		}
		if got, want := skipValue(b, from), plain(b, from, classValue); got != want {
			t.Errorf("value %q from %d: %d, want %d", b, from, got, want)
		}
		if got, want := skipToken(b, from), plain(b, from, classToken); got != want {
			t.Errorf("token %q from %d: %d, want %d", b, from, got, want)
		}
		if got, want := skipTarget(b, from), plain(b, from, classTarget); got != want {
			t.Errorf("target %q from %d: %d, want %d", b, from, got, want)
		}
	}
	for size := range 20 {
		for at := range size {
			for c := range 256 {
				b := []byte(strings.Repeat("a", size))
				b[at] = byte(c)
				check(b, 0)
				check(b, uint(at))
			}
		}
	}
	for pair := range 1 << 16 {
		b := []byte("aaa..aaa")
		b[3], b[4] = byte(pair), byte(pair>>8)
		check(b, 0)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		b := make([]byte, random.IntN(40))
		for i := range b {
			b[i] = byte(random.IntN(128) + 64*random.IntN(2))
			if random.IntN(32) > 0 {
				b[i] = b[i]&0x3F | 0x40
			}
		}
		check(b, uint(random.IntN(len(b)+1)))
	}
}

func TestEqualFold(t *testing.T) {
	for _, c := range []struct {
		b, lower string
		want     bool
	}{
		{"Host", "host", true}, {"HOST", "host", true}, {"hos", "host", false}, {"hosts", "host", false},
		{"", "", true}, {"[", "{", false}, {"\x0d", "-", false}, {"@", "`", false}, {"keep\rALIVE", "keep-alive", false},
	} {
		if got := equalFold([]byte(c.b), c.lower); got != c.want {
			t.Errorf("%q, %q: %v", c.b, c.lower, got)
		}
	}
}

func TestSyntax(t *testing.T) {
	for _, c := range []struct {
		text        string
		name, value bool
	}{
		{"", false, true}, {"A-b_9", true, true}, {"Content-Security-Policy", true, true}, {"a b", false, true}, {"a:", false, true},
		{"\tb\xff", false, true}, {"a\r\nB: c", false, false}, {"a\x00", false, false}, {"long enough for a word\x7f", false, false},
	} {
		if ValidName([]byte(c.text)) != c.name || ValidValue([]byte(c.text)) != c.value {
			t.Errorf("%q", c.text)
		}
	}
	if !EqualFold([]byte("Host"), "host") {
		t.Error("Host is not host")
	}
}
