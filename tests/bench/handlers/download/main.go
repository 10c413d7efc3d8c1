// Command download answers with as many bytes as the request's path says: /1048576 for a mebibyte. Without a number there are none.
//
// It writes as long as Write says that there is room, and goes on when the response is drained.
package main

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

var piece = make([]byte, 64<<10) // as large as what net/http's peer writes at a time

func main() {
	http.CreateServer(download).Listen(8080)
	http.Run()
}

func download(req *http.ServerRequest, res *http.ServerResponse) {
	size, err := strconv.ParseInt(strings.TrimPrefix(req.URL(), "/"), 10, 64)
	if err != nil || size < 0 {
		size = 0
	}
	res.WriteHead(200, http.Header{Name: "Content-Length", Value: strconv.FormatInt(size, 10)})
	body := &body{res: res, left: size}
	res.OnDrain(body.write)
	body.write()
}

// body is what is still to be sent.
type body struct {
	res  *http.ServerResponse
	left int64
}

func (b *body) write() {
	for b.left > 0 {
		n := min(b.left, int64(len(piece)))
		b.left -= n
		if !b.res.Write(piece[:n]) && b.left > 0 {
			return // until it is drained
		}
	}
	b.res.End()
}
