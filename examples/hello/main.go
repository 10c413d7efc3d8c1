// Command hello answers every request with a line of text.
//
// As a native program, on port 8080:
//
//	go run ./examples/hello
//
// As a plugin, on the listeners of the host:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o hello.wasm ./examples/hello
//	porthole serve hello.wasm
package main

import "github.com/portholehttp/porthole/guest/http"

func main() {
	http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) {
		res.WriteHead(200, http.Header{Name: "Content-Type", Value: "text/plain"})
		res.EndString("hello world\n")
	}).Listen(8080)
	http.Run()
}
