package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// maxModuleBytes is far more than any module has, and less than what a wrong path may have.
const maxModuleBytes = 1 << 30

// readModule reads the whole file, which must not be endless.
func readModule(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var wasm bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() <= maxModuleBytes {
		wasm.Grow(int(info.Size()) + bytes.MinRead) // a regular file is read without copying it from one buffer to a larger one
	}
	if _, err := wasm.ReadFrom(io.LimitReader(f, maxModuleBytes+1)); err != nil {
		return nil, err
	}
	if wasm.Len() > maxModuleBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxModuleBytes)
	}
	return wasm.Bytes(), nil
}
