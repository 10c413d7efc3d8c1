//go:build wasip1

// Command program is what the tests run.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/stealthrocket/net/wasip1"
)

func main() {
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	switch os.Args[1] {
	case "cat": // standard input to standard output
		_, err := io.Copy(os.Stdout, os.Stdin)
		fail(err)
		fmt.Fprintln(os.Stderr, os.Args[2:], os.Environ())
		os.Exit(3)
	case "listen": // and wait
		listener, err := wasip1.Listen("tcp", os.Args[2])
		fail(err)
		fmt.Fprintln(os.Stderr, "listening on", listener.Addr())
		_, err = listener.Accept()
		fail(err)
	case "compute":
		fmt.Fprintln(os.Stderr, "computing")
		for n := 1; n != 0; n += 2 {
		}
	case "touch":
		fail(os.WriteFile(os.Args[2], []byte("touched"), 0o600))
	case "panic":
		panic("on purpose")
	}
}
