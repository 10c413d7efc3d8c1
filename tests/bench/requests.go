//go:build linux

package main

import (
	"bytes"
	"fmt"
	"strings"
)

// get is a request as a small client sends it.
func get(address, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n", path, address)
}

// getWithFields is a request with so many fields and as many bytes in its head, as far as the fields have room.
func getWithFields(address string, fields, size int) []byte {
	var head bytes.Buffer
	fmt.Fprintf(&head, "GET / HTTP/1.1\r\nHost: %s\r\n", address)
	const end = "\r\n"
	for i := range fields - 1 {
		name := fmt.Sprintf("X-Field-%d: ", i+1)
		left := (size - head.Len() - len(end)) / (fields - 1 - i) // for this line, an equal share of what is left
		fmt.Fprintf(&head, "%s%s\r\n", name, strings.Repeat("v", max(left-len(name)-len("\r\n"), 1)))
	}
	head.WriteString(end)
	return head.Bytes()
}

// post is a request with a body of JSON, of so many bytes.
func post(address string, size int) []byte {
	body := jsonBody(size)
	return fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", address, len(body), body)
}

// jsonBody is an object with one string.
func jsonBody(size int) string {
	const begin, end = `{"text":"`, `"}`
	return begin + strings.Repeat("x", max(size-len(begin)-len(end), 0)) + end
}
