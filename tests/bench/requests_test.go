//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	nethttp "net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parse(t *testing.T, request []byte) *nethttp.Request {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(request))
	parsed, err := nethttp.ReadRequest(r)
	require.NoError(t, err)
	return parsed
}

func TestRequestWithFields(t *testing.T) {
	const host = "127.0.0.1:12345"
	for _, test := range []struct{ fields, size int }{{20, 1024}, {2, 100}, {10, 500}, {50, 2500}, {100, 5000}} {
		request := getWithFields(host, test.fields, test.size)
		assert.Len(t, request, test.size)
		parsed := parse(t, request)
		assert.Len(t, parsed.Header, test.fields-1) // net/http has Host apart
		assert.Equal(t, host, parsed.Host)
	}
}

func TestPost(t *testing.T) {
	parsed := parse(t, post("127.0.0.1:12345", 16<<10))
	body, err := io.ReadAll(parsed.Body)
	require.NoError(t, err)
	assert.Len(t, body, 16<<10)
	assert.True(t, json.Valid(body))
	assert.Equal(t, "application/json", parsed.Header.Get("Content-Type"))
}

func TestGet(t *testing.T) {
	parsed := parse(t, get("127.0.0.1:12345", "/path"))
	assert.Equal(t, "/path", parsed.URL.Path)
}
