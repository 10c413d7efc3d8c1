package route_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/host/internal/route"
)

// Whatever comes, Match does not panic, and what it returns matches by the plain rules, written down once more.
func FuzzMatch(f *testing.F) {
	f.Add("example.com/api/", "*.example.com/", "www.example.com:80", "/api/x?y")
	f.Add("[::1]/", "/a", "[0::1]", "http://[::1]:80/a")
	f.Add("/", "a/", "", "*")
	f.Add("/b/", "b/b", "B.", "b:443")
	f.Fuzz(func(t *testing.T, one, two, host, target string) {
		routes := make(map[string]int)
		for i, p := range []string{one, two} {
			if _, err := route.Canonical(p); err == nil {
				routes[p] = i
			}
		}
		table, err := route.New(routes)
		if err != nil {
			return // they mean the same
		}
		h, u := []byte(host), []byte(target)
		_, pattern, ok := table.Match(h, u)
		if string(h) != host || !bytes.Equal(u, []byte(target)) {
			t.Fatal("it has changed what it was given")
		}
		if !ok {
			for p := range routes {
				if p == "/" {
					t.Fatal("nothing matches, although / does")
				}
			}
			return
		}
		if _, known := routes[pattern]; !known {
			t.Fatalf("%q is no pattern of the table", pattern)
		}
		canonical, err := route.Canonical(pattern)
		if err != nil {
			t.Fatal(err)
		}
		again, err := route.Canonical(canonical)
		if err != nil || again != canonical {
			t.Fatalf("%q: the canonical form %q of %q", pattern, again, canonical)
		}
		if strings.HasPrefix(target, "/") { // of the others the path is somewhere within
			path, _, _ := strings.Cut(target, "?")
			want := canonical[strings.IndexByte(canonical, '/'):]
			if path != want && !(strings.HasSuffix(want, "/") && strings.HasPrefix(path, want)) {
				t.Fatalf("%q matches %q", pattern, target)
			}
			name := strings.TrimPrefix(canonical[:strings.IndexByte(canonical, '/')], "*")
			if !strings.HasPrefix(name, "[") && !strings.Contains(strings.ToLower(host), name) {
				t.Fatalf("%q matches the host %q", pattern, host)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for name, patterns := range map[string][]string{
		"one":   {"/"},
		"paths": {"/", "/api/", "/static/", "/health"},
		"hosts": {"/", "example.com/", "*.example.com/api/"},
	} {
		b.Run(name, func(b *testing.B) {
			all := table(b, patterns...)
			host, target := []byte("www.example.com:8080"), []byte("/api/users?x=1")
			for b.Loop() {
				all.Match(host, target)
			}
		})
	}
}
