//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// builder builds what is measured, once each, into a directory of the run's own.
type builder struct {
	module string // the directory of this module
	out    string
	built  map[string]string // from what is built to its file
}

// command builds a program of this module, such as ./peers/bare.
func (b *builder) command(pkg string) (string, error) {
	return b.build(filepath.Join(b.out, filepath.Base(pkg)), nil, "-trimpath", pkg)
}

// guest builds a module for WebAssembly, as the examples' documentation says. Porthole's examples are named as they are seen from this
// module: github.com/portholehttp/porthole/examples/hello. variables are for the linker: "main.port=8081".
func (b *builder) guest(pkg string, variables ...string) (string, error) {
	flags := "-s -w"
	for _, v := range variables {
		flags += " -X " + v
	}
	kind := filepath.Base(filepath.Dir(pkg)) // guests, handlers or examples: their names may be the same
	file := filepath.Join(b.out, strings.Join([]string{kind, filepath.Base(pkg)}, "-")+".wasm")
	return b.build(file, []string{"GOOS=wasip1", "GOARCH=wasm"}, "-buildmode=c-shared", "-trimpath", "-ldflags="+flags, pkg)
}

func (b *builder) build(file string, env []string, args ...string) (string, error) {
	if done, ok := b.built[file]; ok {
		return done, nil
	}
	cmd := exec.Command("go", append([]string{"build", "-o", file}, args...)...)
	cmd.Dir = b.module
	cmd.Env = append(os.Environ(), env...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", args[len(args)-1], err, said)
	}
	b.built[file] = file
	return file, nil
}
