package examples

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/host"
)

func TestUpload(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		s := serve(t, "upload", host.Grants{})
		for _, size := range []int{0, 3, 10 << 20} {
			body := bytes.Repeat([]byte("abc"), size/3+1)[:size]
			sum := sha256.Sum256(body)
			want := fmt.Sprintf("{\"bytes\":%d,\"sha256\":\"%s\"}\n", size, hex.EncodeToString(sum[:]))
			for _, reader := range []io.Reader{bytes.NewReader(body), io.MultiReader(bytes.NewReader(body))} { // with a length, and chunked
				response, got := s.do(t, "POST", reader, "")
				assert.Equal(t, want, got)
				assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
			}
		}
		response, _ := s.do(t, "GET", nil, "")
		assert.Equal(t, 405, response.StatusCode)
		assert.Equal(t, "POST, PUT", response.Header.Get("Allow"))
	})
}
