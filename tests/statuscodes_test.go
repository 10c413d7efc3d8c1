package tests

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/tests/internal/raw"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// StatusCodes are those of Node 20.
func TestStatusCodesAreNodes(t *testing.T) {
	node := subject.NeedNode(t, "20")
	out, _ := command(t, nil, node, "-p", `JSON.stringify(require("http").STATUS_CODES)`)
	var codes map[int]string
	require.NoError(t, json.Unmarshal([]byte(out), &codes))
	require.Equal(t, codes, http.StatusCodes)
}

// What is sent without a reason is what StatusCodes says.
func TestReasonsAreStatusCodes(t *testing.T) {
	eachOfOurs(t, func(t *testing.T, f *farm) {
		c := raw.Dial(t, f.server(subject.Options{}).Addr)
		for _, code := range []string{"200", "404", "418", "421", "509", "511"} {
			c.Send(get("/status?code=" + code))
			r := c.Response("GET")
			assert.Equal(t, http.StatusCodes[r.Status], r.Reason, code)
		}
	})
}
