package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/optimize"
)

// rewrite returns what does the same as wasm with less code, and what bounds it.
func (e *Engine) rewrite(wasm []byte, k codeKey) (*instrument.Module, error) {
	pages := e.memoryPages
	if most := k.config.MemoryPages; most != 0 {
		pages = min(pages, most)
	}
	return e.rewritten.rewrite(wasm, k, optimize.Config{MemoryPages: pages})
}

// bound adds to wasm what bounds it.
func bound(wasm []byte, c CompileConfig) (*instrument.Module, error) {
	if c == (CompileConfig{}) {
		return &instrument.Module{Wasm: wasm}, nil
	}
	return instrument.Rewrite(wasm, instrument.Config(c))
}

// rewrittenDir is a directory of rewritten modules, by a hash of all that they depend on: to rewrite one takes longer than to read its native code. Empty:
// they are not kept. What is in it is trusted as the native code beside it is; the checksum is for files that were cut short.
type rewrittenDir string

// smallModule is the size up to which rewriting takes no longer than looking for a file, in bytes.
const smallModule = 64 << 10

func (d rewrittenDir) rewrite(wasm []byte, k codeKey, o optimize.Config) (*instrument.Module, error) {
	if d == "" || len(wasm) <= smallModule {
		return bound(optimize.Rewrite(wasm, o), k.config)
	}
	file := d.file(k, o)
	if m := readRewritten(file); m != nil {
		return m, nil
	}
	m, err := bound(optimize.Rewrite(wasm, o), k.config)
	if err == nil {
		_ = writeRewritten(file, m) // it is done again next time
	}
	return m, err
}

// file returns the name of the file for a module.
func (d rewrittenDir) file(k codeKey, o optimize.Config) string {
	of, _ := binary.Append(nil, binary.LittleEndian, struct { // its size is fixed
		Optimize, Instrument uint32
		Pages                uint32
		Config               CompileConfig
		Sum                  [sha256.Size]byte
	}{optimize.Version, instrument.Version, o.MemoryPages, k.config, k.sum})
	name := sha256.Sum256(of)
	return filepath.Join(string(d), hex.EncodeToString(name[:])+".wasm")
}

// trailer stands behind the bytes of a module in its file.
type trailer struct {
	Globals    uint32
	Resettable bool
	Sum        uint32 // CRC-32C of all before
}

var trailerSize = binary.Size(trailer{})

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readRewritten returns nil if there is no such file, or not a whole one.
func readRewritten(file string) *instrument.Module {
	b, err := os.ReadFile(file)
	if err != nil || len(b) < trailerSize {
		return nil
	}
	var t trailer
	wasm := b[:len(b)-trailerSize]
	_, _ = binary.Decode(b[len(wasm):], binary.LittleEndian, &t) // it is that long
	if crc32.Checksum(b[:len(b)-crc32.Size], castagnoli) != t.Sum {
		return nil
	}
	return &instrument.Module{Wasm: wasm, Globals: int(t.Globals), Resettable: t.Resettable}
}

// writeRewritten leaves nothing behind by that name that is not whole, as another process may read it.
func writeRewritten(file string, m *instrument.Module) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), "new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // unless it was renamed
	b := m.Wasm[:len(m.Wasm):len(m.Wasm)]
	b, _ = binary.Append(b, binary.LittleEndian, trailer{Globals: uint32(m.Globals), Resettable: m.Resettable}) // its size is fixed
	b = b[:len(b)-crc32.Size]
	_, err = f.Write(binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
