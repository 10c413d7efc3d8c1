package route_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/route"
)

// table maps each pattern to itself.
func table(t testing.TB, patterns ...string) *route.Table[string] {
	t.Helper()
	routes := make(map[string]string)
	for _, p := range patterns {
		routes[p] = p
	}
	table, err := route.New(routes)
	require.NoError(t, err)
	return table
}

// matched returns which pattern a request is for: "" if none.
func matched(t testing.TB, table *route.Table[string], host, target string) string {
	t.Helper()
	value, pattern, ok := table.Match([]byte(host), []byte(target))
	assert.Equal(t, value, pattern)
	assert.Equal(t, ok, value != "")
	return value
}

func TestMatchPaths(t *testing.T) {
	all := table(t, "/", "/api/", "/api", "/api/v1/", "/api/v1/users", "/static/img/")
	for target, want := range map[string]string{
		"/":                 "/",
		"/other":            "/",
		"/API/":             "/",
		"/apis":             "/",
		"/api":              "/api",
		"/api?x=/api/v1/":   "/api",
		"/api/":             "/api/",
		"/api/v1":           "/api/",
		"/api/v1?/":         "/api/",
		"/api/v1/":          "/api/v1/",
		"/api/v1/users":     "/api/v1/users",
		"/api/v1/users/":    "/api/v1/",
		"/api/v1/users/me":  "/api/v1/",
		"/static/img":       "/",
		"/static/img/a?b=c": "/static/img/",
		"/api/../secret":    "/api/", // as it came
		"/%61pi/":           "/",
		"//api/":            "/",
		"*":                 "/",
		"":                  "/",
		"?x":                "/",
	} {
		assert.Equal(t, want, matched(t, all, "host", target), "%q", target)
	}
	some := table(t, "/api/", "/one")
	for target, want := range map[string]string{"/": "", "/two": "", "/one": "/one", "/api/x": "/api/", "*": "", "/api": "", "host:443": ""} {
		assert.Equal(t, want, matched(t, some, "host", target), "%q", target)
	}
}

func TestMatchHosts(t *testing.T) {
	all := table(t, "/", "example.com/", "*.example.com/", "*.b.example.com/", "a.b.example.com/", "127.0.0.1/", "[::1]/", "localhost/only/", "*.org/x/")
	for host, want := range map[string]string{
		"":                          "/",
		"other.com":                 "/",
		"example.com":               "example.com/",
		"EXAMPLE.com":               "example.com/",
		"example.com.":              "example.com/",
		"example.com:8080":          "example.com/",
		"example.com.:8080":         "example.com/",
		"example.com:":              "example.com/",
		"notexample.com":            "/",
		".example.com":              "/",
		"www.example.com":           "*.example.com/",
		"b.example.com":             "*.example.com/",
		"x.b.example.com:1":         "*.b.example.com/",
		"x.y.b.example.com":         "*.b.example.com/",
		"a.b.example.com":           "a.b.example.com/",
		"x.a.b.example.com":         "*.b.example.com/",
		"example.com.evil":          "/",
		"127.0.0.1:80":              "127.0.0.1/",
		"[::1]":                     "[::1]/",
		"[::1]:80":                  "[::1]/",
		"[0:0:0:0:0:0:0:1]:80":      "[::1]/",
		"[::1]80":                   "/",
		"[::1":                      "/",
		"[::1%eth0]":                "/",
		"[example.com]":             "/",
		"[127.0.0.1]":               "/",
		"::1":                       "/",
		"localhost":                 "/", // of that host no path matches
		"wiki.org":                  "/",
		"user@example.com":          "/", // not in a Host field
		strings.Repeat("x.", 20000): "/",
		strings.Repeat("x", 254) + ".example.com": "/", // longer than any name
	} {
		assert.Equal(t, want, matched(t, all, host, "/x"), "%q", host)
	}
	assert.Equal(t, "localhost/only/", matched(t, all, "localhost", "/only/x"))
	assert.Equal(t, "*.org/x/", matched(t, all, "wiki.org", "/x/"))
}

// A host's pattern that is shorter than another's goes before it.
func TestHostComesBeforePath(t *testing.T) {
	all := table(t, "/a/b/c/", "*.com/a/b/", "x.com/a/", "x.com/a/b")
	assert.Equal(t, "x.com/a/", matched(t, all, "x.com", "/a/b/c/d"))
	assert.Equal(t, "x.com/a/b", matched(t, all, "x.com", "/a/b"))
	assert.Equal(t, "*.com/a/b/", matched(t, all, "y.com", "/a/b/c/d"))
	assert.Equal(t, "/a/b/c/", matched(t, all, "y.org", "/a/b/c/d"))
	assert.Equal(t, "", matched(t, all, "x.com", "/"))
}

func TestMatchForms(t *testing.T) {
	all := table(t, "/", "/api/", "example.com/", "example.com/api/", "[::1]/", "other.com/")
	for target, want := range map[string]string{
		"http://example.com":                 "example.com/",
		"http://example.com/":                "example.com/",
		"HTTP://EXAMPLE.COM:80/api/x":        "example.com/api/",
		"https://example.com?/api/":          "example.com/",
		"http://example.com#/api/":           "example.com/",
		"http://[::1]:8080/x":                "[::1]/",
		"http://user:secret@example.com/":    "example.com/",
		"http://example.com@host.test/":      "/",
		"http://host.test/api/":              "/api/",
		"http://host.test/?u=http://a/":      "/",
		"http:///api/":                       "/api/",
		"/api/?u=http://example.com/":        "/api/", // of other.com there is no such path
		"example.com:443":                    "example.com/",
		"[::1]:443":                          "[::1]/",
		"host.test:443":                      "/",
		"://example.com/":                    "/",
		"x":                                  "/",
		"http://example.com/api/x?y=/z://q/": "example.com/api/",
	} {
		host := "other.com"
		if strings.HasPrefix(target, "/") {
			host = "third.com"
		}
		assert.Equal(t, want, matched(t, all, host, target), "%q", target)
	}
	assert.Equal(t, "other.com/", matched(t, all, "other.com", "*"))
}

func TestNewRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		"":                             "no slash",
		"api":                          "no slash",
		"example.com":                  "no slash",
		"example.com:80/":              "no port",
		"::1/":                         "no port",
		"[::1]:80/":                    "IPv6",
		"[::1/":                        "IPv6",
		"[::1%1]/":                     "IPv6",
		"[127.0.0.1]/":                 "IPv6",
		"[]/":                          "IPv6",
		"*.[::1]/":                     "no port",
		"*/":                           "host name",
		"*./":                          "host name",
		"*.*.com/":                     "host name",
		"a*.com/":                      "host name",
		"a..com/":                      "host name",
		".com/":                        "host name",
		"./":                           "host name",
		"bücher.de/":                   "host name",
		strings.Repeat("a", 254) + "/": "host name",
		"http://example.com/":          "no scheme",
		"GET /":                        "no method",
		"GET example.com/":             "no method",
		"/a?b":                         "no query",
		"/a#b":                         "no query",
		"/api/*":                       "wild cards",
		"/{id}":                        "wild cards",
		"/a b":                         `no " "`,
		"/ü":                           "as in a URL",
		"/a\x00":                       "as in a URL",
	} {
		_, err := route.New(map[string]int{pattern: 1, "/": 2})
		var fault *route.Error
		if assert.ErrorAs(t, err, &fault, "%q", pattern) {
			assert.Equal(t, pattern, fault.Pattern)
			assert.Contains(t, fault.Reason, want)
		}
		_, err = route.Canonical(pattern)
		assert.ErrorContains(t, err, want)
	}
	_, err := route.New(map[string]int{"a": 1, "b": 2, "/": 3})
	assert.ErrorContains(t, err, `route "a"`)
	assert.ErrorContains(t, err, `route "b"`)
}

func TestPatternsThatMeanTheSame(t *testing.T) {
	for _, same := range [][]string{
		{"Example.COM./x", "example.com/x"},
		{"[0::0:1]/", "[::1]/"},
		{"*.A.b/", "*.a.b/"},
	} {
		_, err := route.New(map[string]int{same[0]: 1, same[1]: 2})
		assert.EqualError(t, err, `route "`+same[1]+`": means the same as "`+same[0]+`"`)
		canonical, err := route.Canonical(same[0])
		require.NoError(t, err)
		assert.Equal(t, same[1], canonical)
	}
	_, err := route.New(map[string]int{"/a": 1, "/a/": 2, "/A": 3, "a/": 4, "*.a/": 5})
	assert.NoError(t, err)
	value, pattern, ok := table(t, "Example.COM/").Match([]byte("example.com"), []byte("/"))
	assert.True(t, ok)
	assert.Equal(t, "Example.COM/", pattern, "as it was given")
	assert.Equal(t, "Example.COM/", value)
}

func TestEmptyTable(t *testing.T) {
	assert.Empty(t, matched(t, table(t), "h", "/"))
	assert.Empty(t, matched(t, nil, "h", "/"))
}

func TestMatchDoesNotAllocate(t *testing.T) {
	all := table(t, "/", "/api/", "example.com/", "*.example.com/api/")
	host, target := []byte("WWW.Example.Com:8080"), []byte("/api/users?x=1")
	assert.Zero(t, testing.AllocsPerRun(100, func() { all.Match(host, target) }))
}
