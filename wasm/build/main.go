// Command build makes stack.wasm out of wasm/stack, and a record beside it, stack.sum, of everything
// that went in. The artifact is committed, so that a user of the module needs no wasm toolchain; the
// record is how CI knows that it is not stale without having the very compiler that built it.
//
//	go run ./wasm/build             build the artifact and write the record
//	go run ./wasm/build -check      fail if the sources or the artifact differ from the record
//	go run ./wasm/build -reproduce  build again and fail if the bytes differ
//
// The Go version is recorded but not checked: another patch release may compile the same sources to other
// bytes, and that does not make the artifact wrong. For the same reason -reproduce says so and succeeds when
// the Go at hand is not the recorded one.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.SetOutput(stderr)
	check := flags.Bool("check", false, "compare sources and artifact with the record; change nothing")
	reproduce := flags.Bool("reproduce", false, "build again and compare with the artifact; change nothing")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "build: unexpected argument %q\n", flags.Arg(0))
		return 2
	}

	root, err := moduleRoot(".")
	if err == nil {
		t := target{root: root}
		switch {
		case *check || *reproduce:
			if *check {
				err = t.check()
			}
			if *reproduce && err == nil {
				err = t.reproduce(stderr)
			}
		default:
			err = t.write(stderr)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "build: %v\n", err)
		return 1
	}
	return 0
}
