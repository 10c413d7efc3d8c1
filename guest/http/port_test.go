//go:build !wasip1

package http

import (
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
)

// fakePort stands for the engine.
type fakePort struct{ *porttest.Port }

// newPort puts a fake port in place of the engine and forgets all servers, for one test.
func newPort(t *testing.T) *fakePort {
	reset := func() {
		clear(servers)
		attached, last, hostMask, lastNumber = nil, nil, 0, 0
		*GlobalAgent, lastAgent = *NewAgent(), 0
	}
	reset()
	t.Cleanup(reset)
	return &fakePort{porttest.New(t)}
}

// get is a request without a body, for the first server.
const get = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"

const post = "POST / HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n"

// request delivers a whole request for the server that is attached to the host.
func request(exchange uint64, raw string, body ...string) {
	requestFor(0, abi.EventEnd, exchange, raw, strings.Join(body, ""))
}

// requestPart delivers a request whose body goes on.
func requestPart(exchange uint64, raw string, body ...string) {
	requestFor(0, 0, exchange, raw, strings.Join(body, ""))
}

func requestFor(server uint32, flags uint32, exchange uint64, raw, body string) {
	porttest.Event(abi.EventRequest, flags, exchange, porttest.RequestRecord(raw, server), []byte(body))
}

// data delivers a piece of a body.
func data(exchange uint64, flags uint32, body string) {
	porttest.Event(abi.EventData, flags, exchange, nil, []byte(body))
}
