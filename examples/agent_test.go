package examples

import (
	"io"
	nethttp "net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAgent(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		o := newOrigin(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			_, _ = io.WriteString(w, "hello world\n") // to a client that the test waits for
		})
		s := serve(t, "agent", local, o.port())

		_, body := s.get(t, "/")
		assert.Equal(t, "global agent: 5\nno agent: 20\nown agent: 10\n", body)
		assert.EqualValues(t, 35, o.connections.Load())

		_, body = s.get(t, "/")
		assert.Equal(t, "global agent: 5\nno agent: 20\nown agent: 0\n", body)
		assert.EqualValues(t, 60, o.connections.Load())
	})
}
