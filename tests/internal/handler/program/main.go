// Command program is the handler under test as a module for a host.
package main

import (
	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/tests/internal/handler"
)

func main() {
	handler.Attach(http.CreateServer())
	http.Run()
}
