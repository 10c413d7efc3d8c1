//go:build wasip1

// Command greeter is a handler for the tests of package host that imports functions of the host's program, takes its greeting from
// its environment and the name from its arguments.
package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// visits is a function of the program that embeds the host.
//
//go:wasmimport shop visits
func visits(customer uint64) uint32

func main() {
	http.CreateServer(func(_ *http.ServerRequest, res *http.ServerResponse) {
		name, visit := strings.Join(os.Args[1:], " "), strconv.Itoa(int(visits(7)))
		res.EndString(os.Getenv("GREETING") + " " + name + ", visit " + visit + "\n")
	})
	http.Run()
}
