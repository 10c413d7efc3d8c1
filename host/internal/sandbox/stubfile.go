package sandbox

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"path/filepath"

	"github.com/portholehttp/porthole/host/internal/datasegment"
	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/optimize"
	"github.com/portholehttp/porthole/host/internal/stub"
)

// stubs is the directory of stubs, below that of a Store.
const stubs = "stubs"

// stubFile is what is kept of a module besides its native code.
type stubFile struct {
	of     stubKey
	module instrument.Module // whose Wasm is the stub
	name   string            // of the file with the native code, below the directory of the Store
	code   fingerprint       // of that file
}

// stubTrailer stands behind the stub and the name in a file.
type stubTrailer struct {
	Of         stubKey
	Globals    uint32
	Resettable bool
	NameSize   uint32
	Code       fingerprint
	Sum        uint32 // CRC-32C of all before
}

var stubTrailerSize = binary.Size(stubTrailer{})

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// stubKey is a hash of all that a stub and the code for it depend on, but for wazero and the machine.
type stubKey [sha256.Size]byte

func newStubKey(k codeKey, pages uint32) stubKey {
	of, _ := binary.Append(nil, binary.LittleEndian, struct { // its size is fixed
		Optimize, Join, Instrument, Stub uint32
		Pages                            uint32
		Config                           CompileConfig
		Sum                              [sha256.Size]byte
	}{optimize.Version, datasegment.Version, instrument.Version, stub.Version, pages, k.config, k.sum})
	return sha256.Sum256(of)
}

func (s *Store) stubPath(k stubKey) string {
	return filepath.Join(s.dir, stubs, hex.EncodeToString(k[:])+".wasm")
}

// readStub returns nil if there is no such file, or not a whole one.
func (s *Store) readStub(k stubKey) *stubFile {
	b, err := os.ReadFile(s.stubPath(k))
	if err != nil || len(b) < stubTrailerSize {
		return nil
	}
	var t stubTrailer
	rest := b[:len(b)-stubTrailerSize]
	_, _ = binary.Decode(b[len(rest):], binary.LittleEndian, &t) // it is that long
	if crc32.Checksum(b[:len(b)-crc32.Size], castagnoli) != t.Sum || t.Of != k || uint64(t.NameSize) > uint64(len(rest)) {
		return nil
	}
	wasm := rest[:len(rest)-int(t.NameSize)]
	name := string(rest[len(wasm):])
	if !filepath.IsLocal(name) {
		return nil
	}
	return &stubFile{k, instrument.Module{Wasm: wasm, Globals: int(t.Globals), Resettable: t.Resettable}, name, t.Code}
}

// encode returns the content of the file.
func (f *stubFile) encode() []byte {
	b := append(f.module.Wasm[:len(f.module.Wasm):len(f.module.Wasm)], f.name...)
	b, _ = binary.Append(b, binary.LittleEndian, stubTrailer{ // its size is fixed
		Of: f.of, Globals: uint32(f.module.Globals), Resettable: f.module.Resettable, NameSize: uint32(len(f.name)), Code: f.code,
	})
	b = b[:len(b)-crc32.Size]
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}
