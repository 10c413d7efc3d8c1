package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Where the artifact is, from the root of the module.
const (
	sourcePackage = "./wasm/stack"
	artifactFile  = "wasm/stack/stack.wasm"
	recordFile    = "wasm/stack/stack.sum"
)

const remedy = "run `make artifact` and commit " + artifactFile + " and " + recordFile

// target is the artifact of the module in root.
type target struct{ root string }

func (t target) path(name string) string { return filepath.Join(t.root, filepath.FromSlash(name)) }

// write builds the artifact and records what it was built from.
func (t target) write(log io.Writer) error {
	inputs, err := inputsOf(t.root, sourcePackage)
	if err != nil {
		return err
	}
	version, err := goEnv(t.root, "GOVERSION")
	if err != nil {
		return err
	}
	wasm, err := compile(t.root, sourcePackage)
	if err != nil {
		return err
	}
	r := record{goVersion: version, artifact: hash(wasm), inputs: inputs}
	// Should the second write fail, check finds that the two files disagree.
	if err := os.WriteFile(t.path(artifactFile), wasm, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(t.path(recordFile), r.format(), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(log, "%s: %d bytes, built with %s\n", artifactFile, len(wasm), version)
	return nil
}

// load reads the record and the artifact, which must be the one that the record describes.
func (t target) load() (record, []byte, error) {
	text, err := os.ReadFile(t.path(recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil, fmt.Errorf("%s does not exist: %s", recordFile, remedy)
	} else if err != nil {
		return record{}, nil, err
	}
	r, err := parseRecord(text)
	if err != nil {
		return record{}, nil, fmt.Errorf("%s: %w: %s", recordFile, err, remedy)
	}
	wasm, err := os.ReadFile(t.path(artifactFile))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil, fmt.Errorf("%s does not exist: %s", artifactFile, remedy)
	} else if err != nil {
		return record{}, nil, err
	}
	if hash(wasm) != r.artifact {
		return record{}, nil, fmt.Errorf("%s is not the file that %s describes: %s", artifactFile, recordFile, remedy)
	}
	return r, wasm, nil
}

// check reports how the sources or the artifact differ from the record.
func (t target) check() error {
	r, _, err := t.load()
	if err != nil {
		return err
	}
	now, err := inputsOf(t.root, sourcePackage)
	if err != nil {
		return err
	}
	if d := difference(r.inputs, now); len(d) > 0 {
		return fmt.Errorf("%s is stale: %s\n\t%s", artifactFile, remedy, strings.Join(d, "\n\t"))
	}
	return nil
}

// reproduce builds again, writes nothing, and compares. Only the recorded Go version can tell.
func (t target) reproduce(log io.Writer) error {
	r, wasm, err := t.load()
	if err != nil {
		return err
	}
	version, err := goEnv(t.root, "GOVERSION")
	if err != nil {
		return err
	}
	if version != r.goVersion {
		fmt.Fprintf(log, "%s was built with %s, this is %s: not compared\n", artifactFile, r.goVersion, version)
		return nil
	}
	again, err := compile(t.root, sourcePackage)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, wasm) {
		return fmt.Errorf("%s is not what its sources compile to with %s (%d bytes there, %d here): %s",
			artifactFile, version, len(wasm), len(again), remedy)
	}
	return nil
}
