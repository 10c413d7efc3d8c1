// A guest with the largest packages that guests are likely to use.
package main

import (
	"html/template"
	nethttp "net/http"
	"os"
)

func main() {}

//go:wasmexport run
func run() {
	page := template.Must(template.New("page").Parse("<p>{{.}}</p>"))
	_ = nethttp.ListenAndServe("", nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		_ = page.Execute(w, r.URL.Path)
		_ = page.Execute(os.Stdout, r.Header)
	}))
}
