package host_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	nethttp "net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host"
)

// attack is what testdata/hostile/attacks.wat does for a path.
type attack struct {
	path   string
	status []int // that the client may get; 0: no response, because the connection is cut
}

var attacks = []attack{
	{"/a endless loop", []int{500}},
	{"/b endless recursion", []int{500}},
	{"/c all the memory there is", []int{200}},
	{"/d all the table there is", []int{200}},
	{"/e endless output", []int{500}},
	{"/f endless random bytes", []int{500}},
	{"/g sleep", []int{500}},
	{"/h requests without end", []int{200, 500}},
	{"/i sockets without end", []int{200, 500}},
	{"/j a timer that is always due", []int{200}},
	{"/k a response without end", []int{0, 200}},
	{"/l interim responses without end", []int{0, 500}},
	{"/m a trap in on_inbox", []int{200}},
	{"/n a bad pointer from on_inbox", []int{200}},
	{"/o operations in on_inbox", []int{200}},
	{"/p exit", []int{500}},
	{"/q endless memory.fill", []int{500}},
	{"/s an exchange that is over", []int{0}},
	{"/t listeners without end", []int{500}},
	{"/u endless table.copy", []int{500}},
	{"/v endless sched_yield", []int{500}},
}

// Whatever a handler does, it is ended in time and replaced, and those beside it go on: here in the same shard.
func TestAttacks(t *testing.T) {
	wasm, err := os.ReadFile("testdata/hostile/attacks.wasm")
	require.NoError(t, err)
	for name, isolation := range map[string]host.Isolation{"shared": host.Shared, "pooled": host.Pooled, "fresh": host.Fresh} {
		t.Run(name, func(t *testing.T) {
			r, _ := newRuntime(t, host.Config{})
			hostile := loadWith(t, r, "hostile", wasm, host.HandlerConfig{
				Isolation: isolation,
				Grants:    host.Grants{Listen: []string{"127.0.0.1:*"}},
				Limits: host.Limits{
					EventTimeout:   100 * time.Millisecond,
					MaxMemoryPages: 64,
					MaxQueuedBytes: 8 << 20,
				},
			})
			s, err := r.NewServer(hostile, host.ServerConfig{Shards: 1})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, s.Close()) })
			require.NoError(t, s.Handle("/good", load(t, r, "good", hello)))
			address := listen(t, s, loopback)

			stop := make(chan struct{})
			var beside sync.WaitGroup
			t.Cleanup(func() {
				close(stop)
				beside.Wait()
			})
			beside.Go(func() {
				c := newClient(t, "tcp", address)
				for {
					select {
					case <-stop:
						return
					default:
					}
					res, err := c.Get("http://host/good")
					if !assert.NoError(t, err, "the handler beside it") {
						return
					}
					body, err := io.ReadAll(res.Body)
					_ = res.Body.Close()
					if !assert.NoError(t, err) || !assert.Equal(t, "200 OK hello world\n", res.Status+" "+string(body)) {
						return
					}
				}
			})
			for _, a := range attacks {
				assert.Contains(t, a.status, statusOf(t, address, a.path[:2]), a.path)
				awaitStatus(t, address, "/z", 200)
			}
		})
	}
}

// statusOf makes a request on a connection of its own; 0: it was cut before the head.
func statusOf(t testing.TB, address, path string) int {
	t.Helper()
	c := &nethttp.Client{Transport: &nethttp.Transport{DisableKeepAlives: true}, Timeout: patience}
	res, err := c.Get("http://" + address + path)
	if err != nil {
		return 0
	}
	_, _ = io.CopyN(io.Discard, res.Body, 64<<20)
	_ = res.Body.Close()
	return res.StatusCode
}

// awaitStatus repeats a request until it has that status: a handler that failed often is restarted after a pause.
func awaitStatus(t testing.TB, address, path string, status int) {
	t.Helper()
	require.Eventually(t, func() bool { return statusOf(t, address, path) == status }, patience, 10*time.Millisecond, "%s never answers %d", path, status)
}

// command is one of internal/shard/testdata/handler.wat.
type command struct {
	code uint64
	args [6]uint64
}

// The codes of its imports.
var commandOf = map[string]uint64{
	"response_send": 1, "response_inform": 2, "request_pause": 3, "request_resume": 4, "exchange_abort": 5, "server_listen": 6, "server_close": 7,
	"server_listeners": 8, "request_open": 14, "request_send": 15, "socket_open": 16, "socket_of": 17, "socket_send": 18, "socket_set": 19,
	"socket_info": 20, "timer_set": 21, "exchange_pipe": 23,
}

const (
	ownExchange = math.MaxUint64
	wholeAnswer = uint64(abi.SendHead | abi.SendEnd)
)

// tell has the handler do commands, and returns the status of the response.
func tell(t testing.TB, c *nethttp.Client, address string, commands ...command) int {
	t.Helper()
	var body []byte
	for _, x := range commands {
		body = binary.LittleEndian.AppendUint64(body, x.code)
		for _, a := range x.args {
			body = binary.LittleEndian.AppendUint64(body, a)
		}
	}
	res, err := c.Post("http://"+address+"/", "", bytes.NewReader(body))
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}

// pointers says which parameters of an import are a pointer and its size: i32 parameters that follow each other, but for
// the flags, options and numbers that come first.
func pointers(f abi.Function) (pairs []int) {
	named := map[string][]int{
		"response_send": {2, 4}, "response_inform": {1}, "server_listen": {1}, "request_open": {0}, "request_send": {2, 4},
		"socket_open": {0}, "socket_send": {2}, "socket_info": {1},
	}
	return named[f.Name]
}

// newPuppet starts a server with the handler of package shard's tests, which has nothing to do at its start.
func newPuppet(t *testing.T, wasm []byte) (*host.Server, *logbook) {
	t.Helper()
	i32 := []api.ValueType{api.ValueTypeI32}
	r, log := newRuntime(t, host.Config{HostModules: []host.HostModule{{Name: "test", Functions: []host.HostFunction{{
		Name: "step", Params: i32, Results: i32, Call: func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = 0 },
	}}}}})
	h := loadWith(t, r, "guest", wasm, host.HandlerConfig{Grants: host.Grants{HostModules: []string{"test"}}})
	s, err := r.NewServer(h, host.ServerConfig{Shards: 1})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s, log
}

// A bad pointer ends its guest, whichever parameter of whichever import it is, and nobody else.
func TestPointers(t *testing.T) {
	wasm, err := os.ReadFile("internal/shard/testdata/handler.wasm")
	require.NoError(t, err)
	const memory = 8 << 16
	bad := [][2]uint64{
		{memory, 1}, {memory - 1, 2}, {math.MaxUint32, 1}, {1, math.MaxUint32}, {math.MaxUint32, math.MaxUint32}, {memory + 1, 0},
	}
	s, log := newPuppet(t, wasm)
	address := listen(t, s, loopback)
	c := newClient(t, "tcp", address)
	seen := 0
	for _, f := range abi.HandlerImports {
		for _, at := range pointers(f) {
			for _, b := range bad {
				x := command{code: commandOf[f.Name], args: [6]uint64{0: ownExchange}}
				x.args[at], x.args[at+1] = b[0], b[1]
				what := fmt.Sprintf("%s: parameter %d is %#x with size %#x", f.Name, at, b[0], b[1])
				// One that has answered since its last fault is started again soon.
				require.Eventually(t, func() bool { return tell(t, c, address, answer()...) == 200 }, patience, 10*time.Millisecond, "before "+what)
				require.Equal(t, 500, tell(t, c, address, x), what)
				seen++
			}
		}
	}
	require.Equal(t, 10*len(bad), seen)
	log.await(t, "leave the memory")
	require.NotContains(t, log.String(), "goroutine ", "no stack of the host's is logged")
}

// Handles that are nobody's, flags that are none, and operations in any order are answered, and hurt nobody.
func TestArguments(t *testing.T) {
	wasm, err := os.ReadFile("internal/shard/testdata/handler.wasm")
	require.NoError(t, err)
	s, _ := newPuppet(t, wasm)
	address := listen(t, s, loopback)
	c := newClient(t, "tcp", address)
	values := []uint64{0, 1, 2, 1 << 31, math.MaxUint32, 1 << 32, 1<<32 | 1, math.MaxInt64, 1 << 63, ownExchange - 1}
	answer := answer()
	for _, f := range abi.HandlerImports {
		require.Contains(t, commandOf, f.Name)
		for i := range f.Params {
			if isPointer(f, i) {
				continue
			}
			for _, v := range values {
				x := command{code: commandOf[f.Name], args: [6]uint64{0: ownExchange}}
				x.args[i] = v
				what := fmt.Sprintf("%s: parameter %d is %#x", f.Name, i, v)
				got := tell(t, c, address, append([]command{x, x}, answer...)...)
				assert.Contains(t, []int{200, 0}, got, what) // 0: it has ended or aborted its own exchange
				require.Equal(t, 200, tell(t, c, address, answer...), "after "+what)
			}
		}
	}
}

// answer is 200 without a body.
func answer() []command {
	const store, head = 9, 40960
	record := abi.Append(nil, &abi.ResponseHead{TextOffset: abi.ResponseHeadSize, Status: 200})
	var all []command
	for i := 0; i < len(record); i += 8 {
		all = append(all, command{store, [6]uint64{uint64(head + i), binary.LittleEndian.Uint64(record[i:])}})
	}
	return append(all, command{commandOf["response_send"], [6]uint64{ownExchange, wholeAnswer, head, abi.ResponseHeadSize}})
}

func isPointer(f abi.Function, i int) bool {
	for _, at := range pointers(f) {
		if i == at || i == at+1 {
			return true
		}
	}
	return false
}
