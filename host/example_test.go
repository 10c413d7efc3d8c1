package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"time"

	"github.com/portholehttp/porthole/host"
)

// A server in a few lines: a Runtime, a handler from a file's bytes, a listener.
func Example() {
	ctx := context.Background()
	wasm := hello // os.ReadFile("hello.wasm")

	runtime, err := host.New(ctx, host.Config{CacheDir: cacheDir})
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close(ctx)

	handler, err := runtime.Load(ctx, "hello", wasm, host.HandlerConfig{})
	if err != nil {
		log.Fatal(err)
	}
	server, err := runtime.NewServer(handler, host.ServerConfig{})
	if err != nil {
		log.Fatal(err)
	}
	addr, err := server.Listen("127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}

	response, err := nethttp.Get("http://" + addr.String())
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	_ = response.Body.Close()
	nethttp.DefaultClient.CloseIdleConnections()
	fmt.Print(response.Status, ": ", string(body))

	// Requests in flight have ten seconds to finish.
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: 200 OK: hello world
}

// Serve takes any listener, and blocks: a server of one's own making, such as one behind TLS or on a descriptor
// that was inherited.
func ExampleServer_Serve() {
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Config{CacheDir: cacheDir})
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close(ctx)
	handler, err := runtime.Load(ctx, "hello", hello, host.HandlerConfig{})
	if err != nil {
		log.Fatal(err)
	}
	server, err := runtime.NewServer(handler, host.ServerConfig{
		Shards:           2,
		KeepAliveTimeout: time.Minute,
		MaxHeaderBytes:   8 << 10,
	})
	if err != nil {
		log.Fatal(err)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	time.AfterFunc(time.Millisecond, func() { _ = server.Close() }) // elsewhere, some day
	if err := server.Serve(listener); errors.Is(err, host.ErrServerClosed) {
		fmt.Println("closed")
	}
	// Output: closed
}

// Load says what is wrong with a module.
func ExampleRuntime_Load() {
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Config{CacheDir: cacheDir})
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close(ctx)

	_, err = runtime.Load(ctx, "readme", []byte("# Not a module"), host.HandlerConfig{})
	var load *host.LoadError
	fmt.Println(errors.As(err, &load), load.Name)
	// Output: true readme
}
