// Command get fetches the URL that is given in the query, with http.get, and streams the response to the caller: however
// long it is, no more than a piece of it is in memory. If there is no response, the answer is status 502 with the error's code, such
// as ECONNREFUSED, or EACCES if the host does not allow the connection.
//
// As a native program, on port 8080:
//
//	go run ./examples/get
//	curl -G --data-urlencode url=http://example.org/ http://localhost:8080/
//
// As a plugin, on the listeners of the host. Which servers it may connect to is the host's to say:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o get.wasm ./examples/get
//	porthole serve --allow-connect example.org:80 get.wasm
package main

import (
	"errors"
	"net/url"

	"github.com/portholehttp/porthole/guest/http"
)

func main() {
	http.CreateServer(get).Listen(8080)
	http.Run()
}

func get(req *http.ServerRequest, res *http.ServerResponse) {
	target, err := url.Parse(req.URL())
	if err != nil || !target.Query().Has("url") {
		res.StatusCode = 400
		res.EndString("say which: /?url=http://…\n")
		return
	}
	upstream := http.GetURL(target.Query().Get("url"), func(answer *http.ClientResponse) {
		res.StatusCode = answer.StatusCode()
		if contentType := answer.Headers().Get("content-type"); contentType != "" {
			res.SetHeader("Content-Type", contentType)
		}
		answer.OnClose(func(error) { res.Destroy() }) // a part must not look like the whole
		answer.Pipe(res)
	})
	upstream.OnError(func(err error) {
		if res.HeadersSent() {
			res.Destroy()
			return
		}
		res.StatusCode = 502
		res.EndString(code(err) + "\n")
	})
	res.OnClose(upstream.Abort) // nobody is there to read the rest
}

// code is Node's name for an error.
func code(err error) string {
	if e := new(http.Error); errors.As(err, &e) {
		return e.Code
	}
	return err.Error()
}
