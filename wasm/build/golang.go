package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildFlags make the artifact small and the same wherever it is built.
var buildFlags = []string{"-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}

// buildEnv selects the target and clears what a developer's environment could add to it.
var buildEnv = []string{"GOOS=wasip1", "GOARCH=wasm", "GOWASM=", "GOFLAGS=-mod=readonly", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off", "CGO_ENABLED=0"}

// goTool runs the go command in dir for the wasm target and returns its standard output.
func goTool(dir string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), buildEnv...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// goEnv returns one value of go env.
func goEnv(dir, name string) (string, error) {
	out, err := goTool(dir, "env", name)
	return strings.TrimSpace(string(out)), err
}

// moduleRoot returns the directory of the go.mod that governs dir.
func moduleRoot(dir string) (string, error) {
	mod, err := goEnv(dir, "GOMOD")
	if err != nil {
		return "", err
	}
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("not in a Go module")
	}
	return filepath.Dir(mod), nil
}

// compile builds pkg of the module in root and returns the module's bytes.
func compile(root, pkg string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "porthole-build-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "out.wasm")
	args := append([]string{"build"}, buildFlags...)
	if _, err := goTool(root, append(args, "-o", out, pkg)...); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// goPackage is what this tool reads of go list's JSON.
type goPackage struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, GoVersion string
		Main                     bool
	}
	GoFiles, EmbedFiles, SFiles, HFiles []string
}

// dependencies lists pkg and all that it imports, as the target sees it.
func dependencies(root, pkg string) ([]goPackage, error) {
	out, err := goTool(root, "list", "-deps", "-json=Dir,Standard,Module,GoFiles,EmbedFiles,SFiles,HFiles", pkg)
	if err != nil {
		return nil, err
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}
