// Package workload has the requests with which the stack is measured, so that its benchmarks in wasm (wasm, BenchmarkStack) and natively (guest/stack,
// BenchmarkExchange) can be compared.
package workload

import (
	"bytes"
	"strconv"
	"strings"
)

// Case is what a client sends, in turn, each time in one piece.
type Case struct {
	Name     string
	Requests int // in a piece
	Input    [][]byte
}

// Cases are those of both benchmarks. The stack remembers heads; with 200 that all differ it never sees
// one again in time.
func Cases() []Case {
	const kinds = 200
	curl := "Host: localhost:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n"
	long := "Host: localhost:8080\r\n" + strings.Repeat("X-Some-Field-Name: some value, not too short\r\n", 19)
	get := func(target, fields string) []byte { return []byte("GET " + target + " HTTP/1.1\r\n" + fields + "\r\n") }
	each := func(f func(n string) []byte) (all [][]byte) {
		for n := range kinds {
			all = append(all, f(strconv.Itoa(1000+n)))
		}
		return all
	}
	number := func(fields, n string) string { return fields + "X-Number: " + n + "\r\n" }
	post := append([]byte("POST /upload HTTP/1.1\r\n"+curl+"Content-Length: 16384\r\n\r\n"), make([]byte, 16384)...)
	return []Case{
		{"hello/same", 1, [][]byte{get("/", curl)}},
		{"hello/targets", 1, each(func(n string) []byte { return get("/items/"+n, curl) })},
		{"hello/different", 1, each(func(n string) []byte { return get("/", number(curl, n)) })},
		{"20fields/same", 1, [][]byte{get("/", long)}},
		{"20fields/different", 1, each(func(n string) []byte { return get("/", number(long, n)) })},
		{"post16k", 1, [][]byte{post}},
		{"pipelined16", 16, [][]byte{bytes.Repeat(get("/", curl), 16)}},
	}
}
