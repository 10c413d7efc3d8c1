//go:build wasip1

// Command program is what a user of net/http writes for WASI: a server and a client that know nothing of Porthole.
//
//	program serve ADDRESS       with CERT and KEY in the environment: by TLS
//	program get [-n N] URL      N requests at the same time
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	run := map[string]func(args []string) error{"serve": serve, "get": get}
	if err := run[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// network tells the path of a Unix socket from an address.
func network(address string) (network, rest string) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return "unix", path
	}
	return "tcp", address
}
