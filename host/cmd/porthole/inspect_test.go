package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/host/internal/module"
	"github.com/portholehttp/porthole/host/internal/module/moduletest"
)

func TestInspect(t *testing.T) {
	stdout, stderr, code := porthole(t, "inspect", handlerFile(t, moduletest.Answering()))
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	assert.Regexp(t, `\Akind      handler\n`, stdout)
	assert.Contains(t, stdout, "memory    2 pages (128 KiB), no maximum\n")
	assert.Regexp(t, `(?m)^  porthole_http_1\.request_pause +\(i64\) -> i32$`, stdout)
	assert.Regexp(t, `(?m)^  on_event +\(i32, i32, i64, i32, i32\)$`, stdout)
	assert.Regexp(t, `\nresets    yes\nloads     yes\n\z`, stdout)
}

func TestInspectRefused(t *testing.T) {
	s := moduletest.Handler()
	s.Without("on_event")
	s.Imports = append(s.Imports, module.Import{Module: "env", Name: "abort"})
	stdout, stderr, code := porthole(t, "inspect", handlerFile(t, s))
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	assert.Regexp(t, `\nloads     no\n  import env\.abort: there is no such module, only .*\n  export on_event: missing\n\z`, stdout)
}

func TestInspectErrors(t *testing.T) {
	for want, path := range map[string]string{
		`open .*missing\.wasm: .*`:                                      filepath.Join(t.TempDir(), "missing.wasm"),
		`.*: not a WebAssembly module: it begins with "#!/b"`:           file(t, "script", []byte("#!/bin/sh\n")),
		`.*: not a WebAssembly module: the file is empty`:               file(t, "empty", nil),
		`.*: a WebAssembly component, not a core module: .*`:            file(t, "component.wasm", []byte("\x00asm\x0d\x00\x01\x00")),
		`.*: malformed WebAssembly at byte 10, in the type section: .*`: file(t, "cut.wasm", moduletest.Handler().Encode()[:10]),
		`read .*`: t.TempDir(),
	} {
		stdout, stderr, code := porthole(t, "inspect", path)
		assert.Equal(t, 1, code)
		assert.Empty(t, stdout)
		assert.Regexp(t, `\Aporthole: `+want+`\n\z`, stderr)
	}
}
