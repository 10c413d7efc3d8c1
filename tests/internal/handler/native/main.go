// Command native is the handler under test as a process of its own. It listens on a free port and says so as the command line
// of the host does.
package main

import (
	"fmt"
	"os"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/tests/internal/handler"
)

func main() {
	s := http.CreateServer()
	handler.Attach(s)
	s.Listen(0, http.Hostname("127.0.0.1"), http.Callback(func() {
		fmt.Fprintf(os.Stderr, "listening on http://%v\n", s.Address())
	}))
	http.Run()
}
