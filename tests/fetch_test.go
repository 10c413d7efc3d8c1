package tests

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/tests/internal/raw"
)

// fetched is what came of a request that the handler under test has made: its route /fetch says which and what.
type fetched struct {
	Events   []string    `json:"events"`
	Error    string      `json:"error"`
	Status   int         `json:"status"`
	Version  string      `json:"version"`
	Headers  [][2]string `json:"headers"`
	Trailers [][2]string `json:"trailers"`
	Body     string      `json:"body"`
}

// events are those that came, in one line.
func (f *fetched) events() string { return strings.Join(f.Events, ", ") }

// fetch has the handler at addr make the request of a query, with that body.
func fetch(t *testing.T, addr, query, body string) *fetched {
	t.Helper()
	c := raw.Dial(t, addr)
	defer c.Close()
	c.Send(post("/fetch?"+query, body, "Connection: close", "Content-Length: "+strconv.Itoa(len(body))))
	r := c.Response("POST")
	require.Equal(t, 200, r.Status, r)
	f := &fetched{}
	require.NoError(t, json.Unmarshal([]byte(r.Body), f), r.Body)
	return f
}

// portOf is the port of an address.
func portOf(addr string) string {
	_, port, _ := strings.Cut(addr, ":")
	return port
}
