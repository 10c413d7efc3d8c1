// Command upload counts the bytes of a request's body and hashes them, and answers with JSON such as
//
//	{"bytes":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
//
// The body streams through: however long it is, no more than a piece of it is in memory. Back-pressure needs no code here,
// for a piece is dealt with when the listener returns: until then no other is read, and TCP makes the client
// wait. A handler that is not through with a piece by then calls Pause, and Resume when it is; see echo.
//
// As a native program, on port 8080:
//
//	go run ./examples/upload
//	curl -T bigfile http://localhost:8080/
//
// As a plugin, on the listeners of the host:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o upload.wasm ./examples/upload
//	porthole serve upload.wasm
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"

	"github.com/portholehttp/porthole/guest/http"
)

func main() {
	http.CreateServer(upload).Listen(8080)
	http.Run()
}

func upload(req *http.ServerRequest, res *http.ServerResponse) {
	if m := req.Method(); m != "PUT" && m != "POST" {
		res.WriteHead(405, http.Header{Name: "Allow", Value: "POST, PUT"})
		res.EndString("send a body with PUT or POST\n")
		return
	}
	sum := newCounter()
	req.OnData(sum.add)
	req.OnEnd(func() {
		res.WriteHead(200, http.Header{Name: "Content-Type", Value: "application/json"})
		res.EndString(sum.json() + "\n")
	})
}

// counter is what is known of a body so far.
type counter struct {
	bytes uint64
	hash  hash.Hash
}

func newCounter() *counter { return &counter{hash: sha256.New()} }

func (c *counter) add(chunk []byte) {
	c.bytes += uint64(len(chunk))
	c.hash.Write(chunk)
}

func (c *counter) json() string {
	return `{"bytes":` + strconv.FormatUint(c.bytes, 10) + `,"sha256":"` + hex.EncodeToString(c.hash.Sum(nil)) + `"}`
}
