package sandbox_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

// start loads a guest as a process does that has just begun, and calls it. It returns how often something was compiled.
func start(t *testing.T, dir string, wasm []byte, c CompileConfig) (compiled int) {
	t.Helper()
	OnCompile(t, func() { compiled++ })
	m, err := storing(t, dir, 16).Compile(context.Background(), "guest", wasm, c)
	require.NoError(t, err)
	i, err := m.Instantiate(InstanceConfig{})
	require.NoError(t, err)
	result, err := function(t, i, "add", 2, 1).Call(40, 2)
	require.NoError(t, err)
	require.EqualValues(t, 42, result)
	i.Close()
	require.NoError(t, m.Close(context.Background()))
	return compiled
}

// files returns those of a directory, by their names below it.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := make(map[string][]byte)
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found[strings.TrimPrefix(path, dir)], err = os.ReadFile(path)
		}
		return err
	}))
	return found
}

// kept returns the files of the only module that is kept in dir.
func kept(t *testing.T, dir string) (stub, code string) {
	t.Helper()
	stubs, err := filepath.Glob(filepath.Join(dir, "code", "stubs", "*"))
	require.NoError(t, err)
	codes, err := filepath.Glob(filepath.Join(dir, "code", "wazero-*", "*"))
	require.NoError(t, err)
	require.Len(t, stubs, 1)
	require.Len(t, codes, 1)
	return stubs[0], codes[0]
}

func TestModuleIsCompiledOnce(t *testing.T) {
	dir := t.TempDir()
	assert.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
	before := files(t, dir)
	assert.Len(t, before, 2, "nothing else is left")
	assert.Zero(t, start(t, dir, guest(t, "guest"), metering))
	assert.Equal(t, before, files(t, dir))

	assert.Equal(t, 1, start(t, dir, guest(t, "guest"), CompileConfig{}), "it is another module")
	assert.Equal(t, 1, start(t, dir, distinct(t, 1), metering))
	assert.Zero(t, start(t, dir, guest(t, "guest"), metering))
}

// What is missing or damaged is made again, and is good from then on.
func TestDamagedStore(t *testing.T) {
	change := func(at func(size int) int) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			b[at(len(b))] ^= 1
			require.NoError(t, os.WriteFile(file, b, 0o600))
		}
	}
	cut := func(at func(size int64) int64) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			info, err := os.Stat(file)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(file, at(info.Size())))
		}
	}
	for name, damage := range map[string]func(t *testing.T, file string){
		"missing":       func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
		"empty":         cut(func(int64) int64 { return 0 }),
		"cut by a byte": cut(func(n int64) int64 { return n - 1 }),
		"cut in half":   cut(func(n int64) int64 { return n / 2 }),
		"longer":        cut(func(n int64) int64 { return n + 1 }),
		"first byte":    change(func(int) int { return 0 }),
		"middle byte":   change(func(n int) int { return n / 2 }),
		"last byte":     change(func(n int) int { return n - 1 }),
		"no file": func(t *testing.T, file string) {
			require.NoError(t, os.Remove(file))
			require.NoError(t, os.Mkdir(file, 0o700))
		},
	} {
		for _, which := range []string{"stub", "code"} {
			t.Run(which+"/"+name, func(t *testing.T) {
				dir := t.TempDir()
				require.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
				before := files(t, dir)
				file, code := kept(t, dir)
				if which == "code" {
					file = code
				}
				damage(t, file)
				assert.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
				if name == "no file" { // nothing can be put there
					assert.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
					return
				}
				assert.Zero(t, start(t, dir, guest(t, "guest"), metering))
				assert.Equal(t, before, files(t, dir))
			})
		}
	}
}

// wazero finds damage to code that is too large for its fingerprint.
func TestDamagedLargeCode(t *testing.T) {
	dir := t.TempDir()
	compiled := 0
	OnCompile(t, func() { compiled++ })
	load := func() {
		m, err := storing(t, dir, 16).Compile(context.Background(), "large", large(1000, 200, nil), metering)
		require.NoError(t, err)
		require.NoError(t, m.Close(context.Background()))
	}
	load()
	_, code := kept(t, dir)
	b, err := os.ReadFile(code)
	require.NoError(t, err)
	require.Greater(t, len(b), 1<<20)
	b[len(b)/2] ^= 1
	require.NoError(t, os.WriteFile(code, b, 0o600))
	load()
	assert.Equal(t, 2, compiled)
	load()
	assert.Equal(t, 2, compiled)
}

// Files of one module in the place of another's are not used.
func TestFilesOfAnotherModule(t *testing.T) {
	for _, which := range []string{"stubs", "wazero-*"} {
		dir, other := t.TempDir(), t.TempDir()
		require.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
		require.Equal(t, 1, start(t, other, guest(t, "guest"), CompileConfig{Meter: true}))
		to, err := filepath.Glob(filepath.Join(dir, "code", which, "*"))
		require.NoError(t, err)
		from, err := filepath.Glob(filepath.Join(other, "code", which, "*"))
		require.NoError(t, err)
		require.NoError(t, os.Rename(from[0], to[0]))
		assert.Equal(t, 1, start(t, dir, guest(t, "guest"), metering), which)
		assert.Zero(t, start(t, dir, guest(t, "guest"), metering), which)
	}
}

// Nor is the stub of another module, of which all is there.
func TestStubOfAnotherModule(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
	first, _ := kept(t, dir)
	require.Equal(t, 1, start(t, dir, guest(t, "guest"), CompileConfig{Meter: true}))
	stubs, err := filepath.Glob(filepath.Join(dir, "code", "stubs", "*"))
	require.NoError(t, err)
	require.Len(t, stubs, 2)
	for _, second := range stubs {
		b, err := os.ReadFile(second)
		require.NoError(t, err)
		if second != first {
			require.NoError(t, os.WriteFile(first, b, 0o600))
		}
	}
	assert.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
	assert.Zero(t, start(t, dir, guest(t, "guest"), metering))
}

// A guest starts where nothing can be written or read.
func TestStoreThatCannotBeUsed(t *testing.T) {
	for _, name := range []string{"stubs", "wazero-*", ""} {
		dir := t.TempDir()
		ctx := context.Background()
		var failures []error
		e := storingBy(t, dir, 16, StoreConfig{Failed: func(err error) { failures = append(failures, err) }})
		below, err := filepath.Glob(filepath.Join(dir, "code", name))
		require.NoError(t, err)
		if name == "stubs" {
			below = []string{filepath.Join(dir, "code", name)}
		}
		require.Len(t, below, 1)
		require.NoError(t, os.RemoveAll(below[0]))
		require.NoError(t, os.WriteFile(below[0], nil, 0o600))
		_, err = e.Compile(ctx, "malformed", guest(t, "guest")[:100], metering)
		require.Error(t, err)
		assert.Empty(t, failures, "not of what is wrong with a module")
		m, err := e.Compile(ctx, "guest", guest(t, "guest"), metering)
		require.NoError(t, err, name)
		i, err := m.Instantiate(InstanceConfig{})
		require.NoError(t, err)
		_, err = function(t, i, "add", 2, 1).Call(1, 2)
		assert.NoError(t, err)
		i.Close()
		require.NoError(t, m.Close(ctx))
		assert.Len(t, failures, 1)
		m, err = e.Compile(ctx, "another", distinct(t, 1), metering)
		require.NoError(t, err)
		require.NoError(t, m.Close(ctx))
		assert.Len(t, failures, 1, "it is told once")
	}
}

// What was used longest ago is removed when there would be more than may be kept.
func TestStoreIsBounded(t *testing.T) {
	size := func(dir string) (sum int64) {
		for _, b := range files(t, dir) {
			sum += int64(len(b))
		}
		return sum
	}
	other := t.TempDir()
	start(t, other, distinct(t, 1), metering)
	limit := 2*size(other) + size(other)/2

	dir := t.TempDir()
	compiled := 0
	OnCompile(t, func() { compiled++ })
	load := func(n int) (times int) {
		compiled = 0
		m, err := storingBy(t, dir, 16, StoreConfig{MaxBytes: limit}).Compile(context.Background(), "guest", distinct(t, n), metering)
		require.NoError(t, err)
		require.NoError(t, m.Close(context.Background()))
		return compiled
	}
	past := time.Now().Add(-time.Hour) // the clock of files is coarse
	age := func() {
		past = past.Add(time.Minute)
		for name := range files(t, dir) {
			path := dir + name
			if info, err := os.Stat(path); assert.NoError(t, err) && info.ModTime().After(past) {
				require.NoError(t, os.Chtimes(path, past, past))
			}
		}
	}
	for n := range 2 {
		assert.Equal(t, 1, load(n))
		age()
	}
	assert.Zero(t, load(0))
	age()
	assert.Equal(t, 1, load(2))
	age()
	assert.LessOrEqual(t, size(dir), limit)
	assert.Zero(t, load(0), "it was used later than 1")
	assert.Zero(t, load(2))
	assert.Equal(t, 1, load(1))

	limit = 1
	age()
	assert.Equal(t, 1, load(3), "it runs, though nothing is kept")
	assert.Empty(t, files(t, dir))

	limit = 32 * size(other)
	e := storingBy(t, dir, 16, StoreConfig{MaxBytes: limit})
	most := int64(0)
	for n := range 100 {
		m, err := e.Compile(context.Background(), "guest", distinct(t, n), metering)
		require.NoError(t, err)
		require.NoError(t, m.Close(context.Background()))
		most = max(most, size(dir))
	}
	assert.LessOrEqual(t, most, limit)
	assert.Greater(t, most, limit*7/8)
}

// The directory may vanish while it is in use.
func TestStoreThatWasRemoved(t *testing.T) {
	dir := t.TempDir()
	e := storing(t, dir, 16)
	for range 2 {
		m, err := e.Compile(context.Background(), "guest", guest(t, "guest"), metering)
		require.NoError(t, err)
		require.NoError(t, m.Close(context.Background()))
		require.NoError(t, os.RemoveAll(dir))
	}
}

func TestProcessesShareAStore(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		e := storing(t, dir, 16)
		all.Go(func() {
			m, err := e.Compile(context.Background(), "guest", guest(t, "guest"), metering)
			if assert.NoError(t, err) {
				assert.NoError(t, m.Close(context.Background()))
			}
		})
	}
	all.Wait()
	assert.Len(t, files(t, dir), 2)
	assert.Zero(t, start(t, dir, guest(t, "guest"), metering))
}

// What is left of a process that was killed is removed, but not what others are at work on.
func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	old, young := filepath.Join(dir, "code", "new-1"), filepath.Join(dir, "code", "new-2")
	for path, age := range map[string]time.Duration{old: 2 * time.Hour, young: 0} {
		require.NoError(t, os.MkdirAll(filepath.Join(path, "full"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(path, "full", "file"), nil, 0o600))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(-age)))
	}
	require.Equal(t, 1, start(t, dir, guest(t, "guest"), metering))
	assert.NoDirExists(t, old)
	assert.DirExists(t, young)

	for n := range 100 { // in a second
		path := filepath.Join(dir, "code", "new-of-a-loop-"+strconv.Itoa(n))
		require.NoError(t, os.Mkdir(path, 0o700))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(time.Duration(n-100)*time.Millisecond)))
	}
	require.Equal(t, 1, start(t, dir, distinct(t, 1), metering))
	left, err := filepath.Glob(filepath.Join(dir, "code", "new-*"))
	require.NoError(t, err)
	assert.Len(t, left, 32)
	assert.Contains(t, left, filepath.Join(dir, "code", "new-of-a-loop-99"), "the last ones")
}

// What is refused is refused in the same words, and nothing of it is kept.
func TestRefusedModuleIsNotKept(t *testing.T) {
	ctx := context.Background()
	for name, wasm := range map[string][]byte{
		"no module": make([]byte, 100),
		"invalid":   []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x05\x01\x03\x00\x1a\x0b"), // drops what is not there
	} {
		dir := t.TempDir()
		_, want := engine(t).Compile(ctx, "guest", wasm, metering)
		require.Error(t, want, name)
		_, err := storing(t, dir, 16).Compile(ctx, "guest", wasm, metering)
		require.EqualError(t, err, want.Error(), name)
		assert.Empty(t, files(t, dir), name)
	}
	_, err := loader(t).Compile(ctx, "guest", guest(t, "memoryless"), metering)
	assert.ErrorIs(t, err, ErrNoMemory)
}

// What ends a guest says the same of one that is kept, down to the names of its functions, and costs as much.
func TestKeptGuestEndsAlike(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	end := func(e *Engine, c CompileConfig, call string, params []uint64, results int) (text, trace string, kind Kind, fuel int64) {
		m, err := e.Compile(ctx, "guest", guest(t, "guest"), c)
		require.NoError(t, err)
		i, err := m.Instantiate(InstanceConfig{Owner: &caller{called: func(uint32) uint32 { panic("a bug") }}})
		require.NoError(t, err)
		defer i.Close()
		_, err = function(t, i, call, len(params), results).Call(params...)
		var fault *Fault
		require.ErrorAs(t, err, &fault)
		_, trace = fault.Explain()
		text, _, _ = strings.Cut(fault.Err.Error(), "\nGo runtime stack trace")
		return text, trace, fault.Kind(), i.Fuel()
	}
	for call, results := range map[string]int{"trap": 0, "exit": 0, "recurse": 1, "call_host": 1} {
		for _, c := range []CompileConfig{{}, metering} {
			if call == "recurse" && c == (CompileConfig{}) {
				continue // its text depends on where the stack was
			}
			var params []uint64
			if call != "trap" {
				params = []uint64{3}
			}
			text, trace, kind, fuel := end(engine(t), c, call, params, results)
			for range 2 { // made, and read
				text2, trace2, kind2, fuel2 := end(storing(t, dir, 16), c, call, params, results)
				assert.Equal(t, text, text2)
				assert.Equal(t, trace, trace2)
				assert.Equal(t, kind, kind2)
				assert.Equal(t, fuel, fuel2)
			}
			assert.NotEmpty(t, text)
			if call == "trap" {
				assert.Equal(t, ".inner()\n.outer()", trace)
			}
		}
	}
}

// Whoever gets at a stub and has it loaded as a module has a module that traps, not the code of another.
func TestStubAsAModule(t *testing.T) {
	dir := t.TempDir()
	require.Equal(t, 1, start(t, dir, guest(t, "guest"), CompileConfig{}))
	file, _ := kept(t, dir)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	wasm := b[:StubSize(t, b)]
	ctx := context.Background()
	for name, e := range map[string]*Engine{"kept": storing(t, dir, 16), "cached": cachedIn(t, dir)} {
		m, err := e.Compile(ctx, "guest", wasm, CompileConfig{})
		require.NoError(t, err, name)
		_, err = m.Instantiate(InstanceConfig{})
		require.ErrorContains(t, err, "unreachable", name)
		require.NoError(t, m.Close(ctx))
	}
	assert.Zero(t, start(t, dir, guest(t, "guest"), CompileConfig{}))

	stubs := filepath.Join(dir, "code", "stubs")
	require.NoError(t, os.RemoveAll(stubs))
	require.NoError(t, os.WriteFile(stubs, nil, 0o600))
	m, err := storing(t, dir, 16).Compile(ctx, "guest", wasm, CompileConfig{})
	require.NoError(t, err)
	_, err = m.Instantiate(InstanceConfig{})
	require.ErrorContains(t, err, "unreachable", "where it cannot be kept, but there is code for the stub")
	require.NoError(t, m.Close(ctx))
}

// cachedIn returns an engine with a cache of wazero's own in dir, as programs have it.
func cachedIn(t *testing.T, dir string) *Engine {
	t.Helper()
	ctx := context.Background()
	c, err := OpenCache(dir)
	require.NoError(t, err)
	e, err := NewEngine(ctx, EngineConfig{Cache: c, MemoryPages: 16, Imports: imports, Functions: functions})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, e.Close(ctx))
		require.NoError(t, c.Close(ctx))
	})
	return e
}
