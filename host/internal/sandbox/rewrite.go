package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/portholehttp/porthole/host/internal/optimize"
)

// optimize returns a module that does the same as wasm with less code.
func (e *Engine) optimize(wasm []byte, c CompileConfig) []byte {
	pages := e.memoryPages
	if c.MemoryPages != 0 {
		pages = min(pages, c.MemoryPages)
	}
	return e.optimized.rewrite(wasm, optimize.Config{MemoryPages: pages})
}

// optimizedDir is a directory of optimized modules, by a hash of all that they depend on: optimizing takes longer than reading native code. Empty: they are
// not kept. What is in it is trusted as the native code beside it is; the checksum is for files that were cut short.
type optimizedDir string

// smallModule is the size up to which optimizing takes no longer than looking for a file, in bytes.
const smallModule = 64 << 10

func (d optimizedDir) rewrite(wasm []byte, c optimize.Config) []byte {
	if d == "" || len(wasm) <= smallModule {
		return optimize.Rewrite(wasm, c)
	}
	file := d.file(wasm, c)
	if optimized, ok := readOptimized(file); ok {
		return optimized
	}
	optimized := optimize.Rewrite(wasm, c)
	_ = writeOptimized(file, optimized) // it is done again next time
	return optimized
}

// file returns the name of the file for a module.
func (d optimizedDir) file(wasm []byte, c optimize.Config) string {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, [2]uint32{optimize.Version, c.MemoryPages}) // a hash takes all
	h.Write(wasm)
	return filepath.Join(string(d), hex.EncodeToString(h.Sum(nil))+".wasm")
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func readOptimized(file string) (wasm []byte, ok bool) {
	b, err := os.ReadFile(file)
	if err != nil || len(b) < crc32.Size {
		return nil, false
	}
	wasm = b[:len(b)-crc32.Size]
	return wasm, crc32.Checksum(wasm, castagnoli) == binary.LittleEndian.Uint32(b[len(wasm):])
}

// writeOptimized leaves nothing behind by that name that is not whole, as another process may read it.
func writeOptimized(file string, wasm []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), "new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // unless it was renamed
	_, err = f.Write(binary.LittleEndian.AppendUint32(wasm[:len(wasm):len(wasm)], crc32.Checksum(wasm, castagnoli)))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
