package examples

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/host"
)

func TestHello(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		s := serve(t, "hello", host.Grants{})
		for range 3 {
			response, body := s.do(t, "GET", nil, "")
			assert.Equal(t, 200, response.StatusCode)
			assert.Equal(t, "hello world\n", body)
			assert.Equal(t, "text/plain", response.Header.Get("Content-Type"))
			assert.EqualValues(t, 12, response.ContentLength)
		}
	})
}
