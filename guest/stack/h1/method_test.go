package h1

import (
	"slices"
	"strings"
	"testing"
)

// TestMethodTable checks what match relies on: order, and that no method begins another.
func TestMethodTable(t *testing.T) {
	names := methodNames[1:]
	if len(names) != 26+1 || methodNames[methodPRI] != "PRI" {
		t.Fatalf("%d names", len(names))
	}
	if !slices.IsSorted(names) {
		t.Error("not in alphabetical order")
	}
	for _, a := range names {
		for _, b := range names {
			if a != b && strings.HasPrefix(a, b) {
				t.Errorf("%s begins %s", b, a)
			}
		}
	}
	if Method(0).String() != "" || Method(200).String() != "" {
		t.Error("a number that is no method has a name")
	}
}

func TestMethodNamed(t *testing.T) {
	for want, name := range methodNames {
		if want == int(methodPRI) {
			want = 0
		}
		if got := MethodNamed([]byte(name)); got != Method(want) {
			t.Errorf("%q is %v", name, got)
		}
	}
	for _, name := range []string{"head", "HEA", "HEADS", "HEAD ", " HEAD", "C", "BREW"} {
		if got := MethodNamed([]byte(name)); got != 0 {
			t.Errorf("%q is %v", name, got)
		}
	}
}

// TestMethodMatch tries each word that is one byte away from a method.
func TestMethodMatch(t *testing.T) {
	find := func(word string) (m Method) {
		m = MethodCheckout
		for k := range word {
			if m = m.match(uint(k), word[k]); m == 0 {
				return 0
			}
		}
		return m
	}
	for want, name := range methodNames {
		if name == "" {
			continue
		}
		if got := find(name); got != Method(want) {
			t.Errorf("%s is %v", name, got)
		}
		for k := range name {
			for c := range 128 {
				word := name[:k] + string(rune(c))
				known := slices.ContainsFunc(methodNames[:], func(n string) bool { return n != "" && strings.HasPrefix(n, word) })
				if got := find(word) != 0; got != known {
					t.Errorf("%q: %v, want %v", word, got, known)
				}
			}
		}
	}
}
