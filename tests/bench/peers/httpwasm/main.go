// Command httpwasm serves a handler of the http-wasm ABI with package net/http, by http-wasm's own host.
//
//	httpwasm -listen 127.0.0.1:8080 -guest hello.wasm
package main

import (
	"context"
	"flag"
	"log"
	nethttp "net/http"
	"os"

	"github.com/http-wasm/http-wasm-host-go/handler"
	httpwasm "github.com/http-wasm/http-wasm-host-go/handler/nethttp"
	"github.com/tetratelabs/wazero"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address")
	guest := flag.String("guest", "", "file of the handler")
	flag.Parse()
	log.Fatalln("httpwasm:", serve(context.Background(), *listen, *guest))
}

func serve(ctx context.Context, listen, guest string) error {
	module, err := os.ReadFile(guest)
	if err != nil {
		return err
	}
	// Its default is the start function of a WASI command, and a guest of Go with exports is a reactor.
	config := wazero.NewModuleConfig().WithStartFunctions("_initialize").WithSysWalltime().WithSysNanotime()
	middleware, err := httpwasm.NewMiddleware(ctx, module, handler.ModuleConfig(config))
	if err != nil {
		return err
	}
	return nethttp.ListenAndServe(listen, middleware.NewHandler(ctx, nethttp.NotFoundHandler()))
}
