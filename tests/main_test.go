package tests

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/portholehttp/porthole/tests/internal/descriptors"
	"github.com/portholehttp/porthole/tests/internal/subject"
)

// TestMain fails if the tests leave anything behind: a server that does not end, a goroutine, a socket.
func TestMain(m *testing.M) {
	before := descriptors.Sockets()
	code := m.Run()
	leak := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "left behind:", err)
			code = 1
		}
	}
	leak(subject.Shutdown())
	leak(goleak.Find())
	if after := descriptors.Sockets(); after > before {
		leak(fmt.Errorf("%d sockets", after-before))
	}
	os.Exit(code)
}
