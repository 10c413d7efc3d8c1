package main

import (
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
	wasm, err := io.ReadAll(io.LimitReader(f, maxModuleBytes+1))
	if err != nil {
		return nil, err
	}
	if len(wasm) > maxModuleBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxModuleBytes)
	}
	return wasm, nil
}
