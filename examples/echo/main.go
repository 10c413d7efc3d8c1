// Command echo sends the body of a request back as it comes in. Neither side is buffered: while the client does not
// read the answer its request is paused, and TCP makes it wait.
//
// As a native program, on port 8080:
//
//	go run ./examples/echo
//	curl -T bigfile http://localhost:8080/ | cmp - bigfile
//
// As a plugin, on the listeners of the host:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o echo.wasm ./examples/echo
//	porthole serve echo.wasm
package main

import "github.com/portholehttp/porthole/guest/http"

func main() {
	http.CreateServer(echo).Listen(8080)
	http.Run()
}

func echo(req *http.ServerRequest, res *http.ServerResponse) {
	if contentType := req.Headers().Get("content-type"); contentType != "" {
		if err := res.SetHeader("Content-Type", contentType); err != nil {
			res.StatusCode = 400 // it has a byte that no field may have
			res.EndString(err.Error() + "\n")
			return
		}
	}
	req.Pipe(res)
}
