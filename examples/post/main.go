// Command post is the client that uploads of Node's document: for each request it sends a body in pieces to a server with
// http.request, and answers with what came back:
//
//	STATUS: 200
//	HEADER: content-type: application/json
//	BODY: {"bytes":…}
//
// How many pieces is said in the query. It writes no faster than the server reads: when Write returns false, it waits for 'drain'.
//
// As a native program, on port 8080, with the upload example on port 8081 to send to:
//
//	porthole serve --listen 127.0.0.1:8081 upload.wasm
//	go run ./examples/post
//	curl http://localhost:8080/?pieces=1000
//
// As a plugin, on the listeners of the host, which must allow the connection:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o post.wasm ./examples/post
//	porthole serve --allow-connect 127.0.0.1:8081 post.wasm
package main

import (
	"net/url"
	"strconv"

	"github.com/portholehttp/porthole/guest/http"
)

// host and port are those of the server; -ldflags '-X main.port=…' changes them.
var (
	host = "127.0.0.1"
	port = "8081"
)

func main() {
	http.CreateServer(post).Listen(8080)
	http.Run()
}

func post(req *http.ServerRequest, res *http.ServerResponse) {
	number, err := strconv.Atoi(port)
	if err != nil {
		panic("main.port: " + err.Error())
	}
	upload := http.Request(http.RequestOptions{
		Host:    host,
		Port:    number,
		Method:  "POST",
		Path:    "/upload",
		Headers: http.Headers{{Name: "Content-Type", Value: "text/plain"}},
	}, func(answer *http.ClientResponse) { report(answer, res) })
	upload.OnError(func(err error) {
		if res.HeadersSent() {
			res.Destroy()
			return
		}
		res.StatusCode = 502
		res.EndString("problem with request: " + err.Error() + "\n")
	})
	res.OnClose(upload.Abort)

	pieces, sent := wanted(req), 0
	send := func() {
		for sent < pieces {
			sent++
			if !upload.WriteString("data " + strconv.Itoa(sent) + "\n") {
				return // 'drain' goes on
			}
		}
		upload.End()
	}
	upload.OnDrain(send)
	send()
}

// wanted is the number of pieces in the query, 3 if there is none.
func wanted(req *http.ServerRequest) int {
	if target, err := url.Parse(req.URL()); err == nil {
		if n, err := strconv.Atoi(target.Query().Get("pieces")); err == nil {
			return n
		}
	}
	return 3
}

// report writes what came back.
func report(answer *http.ClientResponse, res *http.ServerResponse) {
	res.WriteHead(200, http.Header{Name: "Content-Type", Value: "text/plain"})
	res.WriteString("STATUS: " + strconv.Itoa(answer.StatusCode()) + "\n")
	for _, h := range answer.Headers() {
		res.WriteString("HEADER: " + h.Name + ": " + h.Value + "\n")
	}
	res.WriteString("BODY: ")
	answer.OnClose(func(error) { res.Destroy() }) // a part must not look like the whole
	answer.Pipe(res)
}
