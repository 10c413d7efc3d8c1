package host_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"sync/atomic"

	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host"
)

// newExample makes a Runtime and loads a handler. A program would read it from a file.
func newExample(c host.Config, name string, wasm []byte, hc host.HandlerConfig) (*host.Runtime, *host.Handler) {
	ctx := context.Background()
	c.CacheDir = cacheDir
	runtime, err := host.New(ctx, c)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := runtime.Load(ctx, name, wasm, hc)
	if err != nil {
		log.Fatal(err)
	}
	return runtime, handler
}

// fetch prints what is at a URL.
func fetch(url string) {
	response, err := nethttp.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode, string(body))
}

// A handler is one of net/http as well: it goes wherever those go, behind middleware and beside others.
func ExampleHandler_ServeHTTP() {
	runtime, handler := newExample(host.Config{}, "hello", hello, host.HandlerConfig{})
	defer runtime.Close(context.Background())

	authorized := func(next nethttp.Handler) nethttp.Handler {
		return nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
			if r.URL.Query().Get("token") != "secret" {
				nethttp.Error(w, "no", nethttp.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	mux := nethttp.NewServeMux()
	mux.Handle("/wasm/", authorized(nethttp.StripPrefix("/wasm", handler)))
	mux.HandleFunc("/", func(w nethttp.ResponseWriter, _ *nethttp.Request) { _, _ = io.WriteString(w, "native") })
	server := httptest.NewServer(mux)
	defer server.Close()

	fetch(server.URL + "/")
	fetch(server.URL + "/wasm/")
	fetch(server.URL + "/wasm/?token=secret")
	// Output:
	// 200 native
	// 403 no
	//
	// 200 hello world
}

// Handlers are replaced and removed while the server runs, without a request being lost.
func ExampleServer_Handle() {
	runtime, first := newExample(host.Config{}, "first", hello, host.HandlerConfig{})
	defer runtime.Close(context.Background())
	server, err := runtime.NewServer(first, host.ServerConfig{})
	if err != nil {
		log.Fatal(err)
	}
	addr, err := server.Listen("127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}

	second, err := runtime.Load(context.Background(), "second", faulty, host.HandlerConfig{})
	if err != nil {
		log.Fatal(err) // first goes on
	}
	if err := server.Handle("/", second); err != nil {
		log.Fatal(err) // it did not start: first goes on
	}
	_ = first.Close() // its code is freed when its last request is over

	for _, r := range server.Routes() {
		fmt.Println(r.Pattern, r.Handler.Name())
	}
	fetch("http://" + addr.String() + "/count")
	// Output:
	// / second
	// 200 1
}

// Functions of the program are offered to handlers that are granted them. A handler gets its configuration by grant, too.
func ExampleHostModule() {
	var visits [10]atomic.Uint32
	shop := host.HostModule{Name: "shop", Functions: []host.HostFunction{{
		Name:    "visits", // (customer: i64) -> i32
		Params:  []api.ValueType{api.ValueTypeI64},
		Results: []api.ValueType{api.ValueTypeI32},
		Call: func(ctx context.Context, _ api.Module, stack []uint64) {
			customer := stack[0] % 10 // whatever the guest says
			stack[0] = api.EncodeU32(visits[customer].Add(1))
			fmt.Println(host.CallerName(ctx), "asks")
		},
	}}}
	runtime, handler := newExample(host.Config{HostModules: []host.HostModule{shop}}, "greeter", greeter, host.HandlerConfig{
		Grants: host.Grants{
			HostModules: []string{"shop"},
			Env:         map[string]string{"GREETING": "hello"},
			Args:        []string{"dear", "customer"},
		},
	})
	defer runtime.Close(context.Background())
	server := httptest.NewServer(handler)
	defer server.Close()

	fetch(server.URL)
	fetch(server.URL)
	// Output:
	// greeter asks
	// 200 hello dear customer, visit 1
	//
	// greeter asks
	// 200 hello dear customer, visit 2
}

// mesh is a network of the program's own, here one with a single server in the same process.
type mesh struct{}

func (mesh) DialContext(_ context.Context, network, address string) (net.Conn, error) {
	fmt.Println("dial", network, address)
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		if _, err := nethttp.ReadRequest(bufio.NewReader(there)); err != nil {
			return
		}
		_, _ = io.WriteString(there, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nfrom the mesh")
	}()
	return here, nil
}

// A handler connects to what it is granted, by whatever means the program chooses.
func ExampleDialer() {
	runtime, handler := newExample(host.Config{}, "outgoing", outgoing, host.HandlerConfig{
		Grants: host.Grants{Connect: []string{"*.mesh:80"}},
		Dialer: mesh{},
	})
	defer runtime.Close(context.Background())
	server := httptest.NewServer(handler)
	defer server.Close()

	fetch(server.URL + "/get/orders.mesh:80")
	// Output:
	// dial tcp orders.mesh:80
	// 200 from the mesh
}

// A connection need not come from a listener.
func ExampleServer_ServeConn() {
	runtime, handler := newExample(host.Config{}, "hello", hello, host.HandlerConfig{})
	defer runtime.Close(context.Background())
	server, err := runtime.NewServer(handler, host.ServerConfig{Shards: 1})
	if err != nil {
		log.Fatal(err)
	}
	here, there := net.Pipe()
	if err := server.ServeConn(there); err != nil {
		log.Fatal(err)
	}
	_, _ = io.WriteString(here, "GET / HTTP/1.1\r\nHost: pipe\r\n\r\n")
	response, err := nethttp.ReadResponse(bufio.NewReader(here), nil)
	if err != nil {
		log.Fatal(err)
	}
	body, _ := io.ReadAll(response.Body)
	fmt.Print(response.Status, ": ", string(body))

	_ = server.Close()
	_, there = net.Pipe()
	fmt.Println(errors.Is(server.ServeConn(there), host.ErrServerClosed))
	// Output:
	// 200 OK: hello world
	// true
}

// Fresh keeps nothing of a request: each finds the handler as it was after its start.
func ExampleIsolation() {
	for _, isolation := range []host.Isolation{host.Shared, host.Fresh} {
		runtime, handler := newExample(host.Config{}, "counting", faulty, host.HandlerConfig{Isolation: isolation})
		server, err := runtime.NewServer(handler, host.ServerConfig{Shards: 1})
		if err != nil {
			log.Fatal(err)
		}
		addr, err := server.Listen("127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(isolation)
		for range 3 {
			fetch("http://" + addr.String() + "/count")
		}
		_ = runtime.Close(context.Background())
	}
	nethttp.DefaultClient.CloseIdleConnections()
	// Output:
	// shared
	// 200 1
	// 200 2
	// 200 3
	// fresh
	// 200 1
	// 200 1
	// 200 1
}
