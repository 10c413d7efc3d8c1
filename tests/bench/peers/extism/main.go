// Command extism serves the output of an Extism plugin with package net/http. The plugin is compiled once; an instance serves one request at a
// time, and is used again, as Extism recommends for speed.
//
//	extism -listen 127.0.0.1:8080 -guest hello.wasm
package main

import (
	"context"
	"flag"
	"log"
	nethttp "net/http"
	"sync"

	"github.com/extism/go-sdk"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address")
	guest := flag.String("guest", "", "file of the plugin")
	flag.Parse()
	h := &handler{}
	var err error
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmFile{Path: *guest}}}
	h.compiled, err = extism.NewCompiledPlugin(context.Background(), manifest, extism.PluginConfig{EnableWasi: true}, nil)
	if err != nil {
		log.Fatalln("extism:", err)
	}
	log.Fatalln("extism:", nethttp.ListenAndServe(*listen, h))
}

type handler struct {
	compiled *extism.CompiledPlugin

	mu   sync.Mutex
	idle []*extism.Plugin
}

func (h *handler) ServeHTTP(w nethttp.ResponseWriter, _ *nethttp.Request) {
	plugin, err := h.get()
	if err != nil {
		nethttp.Error(w, err.Error(), nethttp.StatusInternalServerError)
		return
	}
	_, output, err := plugin.Call("hello", nil)
	if err != nil { // the instance is not used again
		nethttp.Error(w, err.Error(), nethttp.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write(output) // a client that has left is its own affair
	h.put(plugin)
}

func (h *handler) get() (*extism.Plugin, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last := len(h.idle) - 1; last >= 0 {
		plugin := h.idle[last]
		h.idle = h.idle[:last]
		return plugin, nil
	}
	return h.compiled.Instance(context.Background(), extism.PluginInstanceConfig{})
}

func (h *handler) put(plugin *extism.Plugin) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idle = append(h.idle, plugin)
}
