//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package host_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/portholehttp/porthole/host"
)

// A WASI program runs with what it is granted: it may listen on port 8080, and connect to one name.
func ExampleRunProgram() {
	wasm, err := os.ReadFile("testdata/programs/exit.wasm")
	if err != nil {
		log.Fatal(err)
	}
	code, err := host.RunProgram(context.Background(), wasm, host.ProgramConfig{
		Args:   []string{"--verbose"},
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Grants: host.Grants{
			Listen:  []string{"127.0.0.1:8080"},
			Connect: []string{"api.example.com:443"},
		},
		OnDenied: func(err error) { log.Print(err) },
		NoCache:  true,
	})
	fmt.Println(code, err)
	// Output: 7 <nil>
}
