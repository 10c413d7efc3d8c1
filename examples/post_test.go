package examples

import (
	"fmt"
	"io"
	nethttp "net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPost(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		o := newOrigin(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			w.Header().Set("X-Coding", strings.Join(r.TransferEncoding, ","))
			w.WriteHeader(201)
			fmt.Fprintf(w, "%s %s %s %d %q", r.Method, r.URL, r.Header.Get("Content-Type"), len(body), body[max(0, len(body)-14):])
		})
		s := serve(t, "post", local, o.port())

		response, body := s.get(t, "/")
		assert.Equal(t, 200, response.StatusCode)
		assert.Contains(t, body, "STATUS: 201\n")
		assert.Contains(t, body, "HEADER: x-coding: chunked\n")
		assert.True(t, strings.HasSuffix(body, `BODY: POST /upload text/plain 21 "data 2\ndata 3\n"`), body)

		const pieces = 200_000 // more than a kernel takes at once
		size := 0
		for i := range pieces {
			size += len("data \n") + len(strconv.Itoa(i+1))
		}
		_, body = s.get(t, "/?pieces="+strconv.Itoa(pieces))
		assert.True(t, strings.HasSuffix(body, fmt.Sprintf(`BODY: POST /upload text/plain %d "9\ndata 200000\n"`, size)), body)

		o.Close()
		response, body = s.get(t, "/")
		assert.Equal(t, 502, response.StatusCode)
		assert.Contains(t, body, "ECONNREFUSED")
	})
}
