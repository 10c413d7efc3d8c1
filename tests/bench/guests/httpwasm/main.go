//go:build wasip1

// Command httpwasm is the hello guest of the http-wasm handler ABI, in Go as Porthole's is.
package main

import "unsafe"

//go:wasmimport http_handler set_header_value
func setHeaderValue(kind uint32, name unsafe.Pointer, nameLen uint32, value unsafe.Pointer, valueLen uint32)

//go:wasmimport http_handler write_body
func writeBody(kind uint32, body unsafe.Pointer, bodyLen uint32)

const (
	response = 1 // the kind, of a header field and of a body
	handled  = 0 // what handle_request returns for "no other handler need be asked"
)

var (
	name  = []byte("Content-Type")
	value = []byte("text/plain")
	body  = []byte("hello world\n")
)

//go:wasmexport handle_request
func handleRequest() uint64 {
	setHeaderValue(response, unsafe.Pointer(&name[0]), uint32(len(name)), unsafe.Pointer(&value[0]), uint32(len(value)))
	writeBody(response, unsafe.Pointer(&body[0]), uint32(len(body)))
	return handled
}

//go:wasmexport handle_response
func handleResponse(context, isError uint32) {}

func main() {}
