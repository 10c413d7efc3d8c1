// Command sink counts the bytes of a request's body and answers with their number. Unlike the upload example it does not hash them: what is
// measured is the way to the handler.
package main

import (
	"strconv"

	"github.com/portholehttp/porthole/guest/http"
)

func main() {
	http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) {
		var count int
		req.OnData(func(chunk []byte) { count += len(chunk) })
		req.OnEnd(func() {
			res.WriteHead(200, http.Header{Name: "Content-Type", Value: "text/plain"})
			res.EndString(strconv.Itoa(count) + "\n")
		})
	}).Listen(8080)
	http.Run()
}
