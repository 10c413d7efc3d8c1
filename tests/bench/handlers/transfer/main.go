// Command transfer answers a GET with as many bytes as its path says, /1048576 for a mebibyte, and anything else with how many bytes it got.
//
// It writes as long as Write says that there is room, and goes on when the response is drained. Unlike the upload example it does not hash what
// comes: what is measured is the way to the handler.
package main

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

var piece = make([]byte, 64<<10) // as large as what the peers write at a time

func main() {
	http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) {
		if req.Method() == "GET" {
			download(req, res)
		} else {
			upload(req, res)
		}
	}).Listen(8080)
	http.Run()
}

func download(req *http.ServerRequest, res *http.ServerResponse) {
	size, err := strconv.ParseInt(strings.TrimPrefix(req.URL(), "/"), 10, 64)
	if err != nil || size < 0 {
		size = 0 // as for /, by which it is seen whether the server is there
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

func upload(req *http.ServerRequest, res *http.ServerResponse) {
	var count int
	req.OnData(func(chunk []byte) { count += len(chunk) })
	req.OnEnd(func() {
		res.WriteHead(200, http.Header{Name: "Content-Type", Value: "text/plain"})
		res.EndString(strconv.Itoa(count) + "\n")
	})
}
