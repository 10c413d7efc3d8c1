//go:build !wasip1

package http

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseURL(t *testing.T) {
	for url, want := range map[string]RequestOptions{
		"http://example.org":                      {Protocol: "http:", Hostname: "example.org", Path: "/"},
		"HTTPS://example.org/":                    {Protocol: "https:", Hostname: "example.org", Path: "/"},
		"http://example.org:8080/a/b?c=d&e#f?g":   {Protocol: "http:", Hostname: "example.org", Port: 8080, Path: "/a/b?c=d&e"},
		"http://example.org:/":                    {Protocol: "http:", Hostname: "example.org", Path: "/"},
		"http://example.org?q=1":                  {Protocol: "http:", Hostname: "example.org", Path: "/?q=1"},
		"http://example.org#f":                    {Protocol: "http:", Hostname: "example.org", Path: "/"},
		"http://example.org/%20a%2Fb":             {Protocol: "http:", Hostname: "example.org", Path: "/%20a%2Fb"},
		"http://example.org/a@b:c/../d":           {Protocol: "http:", Hostname: "example.org", Path: "/a@b:c/../d"},
		"http://example.org/?u=http://other.org":  {Protocol: "http:", Hostname: "example.org", Path: "/?u=http://other.org"},
		"http://user:p%40s%3as@h_1.example-2.org": {Protocol: "http:", Hostname: "h_1.example-2.org", Auth: "user:p@s:s", Path: "/"},
		"http://user@127.0.0.1:1/":                {Protocol: "http:", Hostname: "127.0.0.1", Port: 1, Auth: "user", Path: "/"},
		"http://[::1]:65535/x":                    {Protocol: "http:", Hostname: "::1", Port: 65535, Path: "/x"},
		"http://[2001:DB8::1.2.3.4]":              {Protocol: "http:", Hostname: "2001:DB8::1.2.3.4", Path: "/"},
		"ftp://example.org/":                      {Protocol: "ftp:", Hostname: "example.org", Path: "/"},
	} {
		got, err := parseURL(url)
		require.NoError(t, err, url)
		assert.Equal(t, want, got, url)
	}
}

func TestParseURLIsStrict(t *testing.T) {
	for _, url := range []string{
		"", "/", "example.org", "//example.org", "http:", "http:/", "http://", "http:///path", "http:example.org", "://example.org",
		"http://?q", "http://:80/", "http://user@/", "http://a b/", " http://a/", "http://a\t/", "http://a\r\nb/", "http://a\x00/",
		"http://a:b/", "http://a:0/", "http://a:65536/", "http://a:-1/", "http://a:+1/", "http://a:1:2/", "http://a: 1/", "http://a:1 /",
		"http://a@b@c/", "http://a\\@b/", "http://a\\b/", "http://u\\@h/", "http://u%4@h/", "http://u%@h/", "http://u%zz@h/", "http://u r@h/", "http://[u]@h/",
		"http://h%61st/", "http://h\xc3\xb6st/", "http://h*/", "http://h,i/", "http://h!/",
		"http://[]/", "http://[::1/", "http://::1/", "http://[::1]x/", "http://[::1]80/", "http://[a]/", "http://[::1%25lo]/", "http://[::g]/", "http://[[::1]]/",
	} {
		_, err := parseURL(url)
		assert.ErrorIs(t, err, &Error{Code: "ERR_INVALID_URL"}, "%q", url)
	}
	_, err := parseURL("http://user:secret@@host/")
	assert.NotContains(t, err.Error(), "secret")
}
