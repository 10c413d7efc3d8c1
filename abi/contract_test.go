package abi_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The contract is written in README.md, in the tables of this package, in the directives of the Go guests, and
// in the sections of what was built from them. These tests hold them against each other. That the host
// registers what the tables say is tested where it does.

// signature is how all sources are compared: "module.name(i32,i64)i32".
func signature(f abi.Function) string {
	names := map[abi.ValueType]string{abi.I32: "i32", abi.I64: "i64"}
	list := func(types []abi.ValueType) string {
		var s []string
		for _, t := range types {
			s = append(s, names[t])
		}
		return strings.Join(s, ",")
	}
	return f.Module + "." + f.Name + "(" + list(f.Params) + ")" + list(f.Results)
}

func signatures(all ...[]abi.Function) map[string]bool {
	set := map[string]bool{}
	for _, functions := range all {
		for _, f := range functions {
			set[signature(f)] = true
		}
	}
	return set
}

// The guests' sources declare exactly what the tables say.
func TestDirectives(t *testing.T) {
	for _, c := range []struct {
		dir              string
		imports, exports []abi.Function
	}{
		{"../wasm/stack", abi.StackImports, abi.StackExports},
		{"../guest/internal/port", abi.HandlerImports, abi.HandlerExports},
	} {
		imports, exports := directives(t, c.dir)
		require.Equal(t, signatures(c.imports), imports, c.dir)
		require.Equal(t, signatures(c.exports), exports, c.dir)
	}
}

// directives returns the functions with go:wasmimport and go:wasmexport of a directory.
func directives(t *testing.T, dir string) (imports, exports map[string]bool) {
	imports, exports = map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Doc == nil {
				continue
			}
			for _, c := range f.Doc.List {
				switch words := strings.Fields(c.Text); words[0] {
				case "//go:wasmimport":
					imports[words[1]+"."+words[2]+goSignature(t, f.Type)] = true
				case "//go:wasmexport":
					exports["."+words[1]+goSignature(t, f.Type)] = true
				}
			}
		}
	}
	return imports, exports
}

func goSignature(t *testing.T, f *ast.FuncType) string {
	list := func(fields *ast.FieldList) string {
		var s []string
		if fields == nil {
			return ""
		}
		for _, field := range fields.List {
			for range max(1, len(field.Names)) {
				switch name := fmt.Sprint(field.Type); name {
				case "int64", "uint64":
					s = append(s, "i64")
				case "int32", "uint32", "&{unsafe Pointer}":
					s = append(s, "i32")
				default:
					require.Fail(t, "unexpected type "+name)
				}
			}
		}
		return strings.Join(s, ",")
	}
	return "(" + list(f.Params) + ")" + list(f.Results)
}

// The built stack imports and exports exactly what the tables say, besides WASI.
func TestStackArtifact(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	wasm, err := os.ReadFile("../wasm/stack/stack.wasm")
	require.NoError(t, err)
	m, err := r.CompileModule(ctx, wasm)
	require.NoError(t, err)
	imports, exports := map[string]bool{}, map[string]bool{}
	for _, f := range m.ImportedFunctions() {
		if module, name, _ := f.Import(); module != "wasi_snapshot_preview1" {
			imports[wasmSignature(module, name, f)] = true
		}
	}
	for name, f := range m.ExportedFunctions() {
		if name != "_initialize" {
			exports[wasmSignature("", name, f)] = true
		}
	}
	require.Equal(t, signatures(abi.StackImports), imports)
	require.Equal(t, signatures(abi.StackExports), exports)
	require.Contains(t, m.ExportedFunctions(), "_initialize")
	require.Contains(t, m.ExportedMemories(), "memory")
}

func wasmSignature(module, name string, f api.FunctionDefinition) string {
	list := func(types []api.ValueType) string {
		var s []string
		for _, t := range types {
			s = append(s, api.ValueTypeName(t))
		}
		return strings.Join(s, ",")
	}
	return module + "." + name + "(" + list(f.ParamTypes()) + ")" + list(f.ResultTypes())
}

// The tables of README.md.

func readme(t *testing.T) string {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(text)
}

// section returns the text from a heading to the next of the same level or above.
func section(t *testing.T, heading string) string {
	_, after, ok := strings.Cut(readme(t), "\n"+heading+"\n")
	require.True(t, ok, heading)
	level := strings.Repeat("#", strings.IndexByte(heading, ' '))
	if i := regexp.MustCompile(`(?m)^#{1,` + strconv.Itoa(len(level)) + `} `).FindStringIndex(after); i != nil {
		return after[:i[0]]
	}
	return after
}

// rows returns the cells of all table rows of a text.
func rows(text string) (all [][]string) {
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "| ") {
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			all = append(all, cells)
		}
	}
	return all
}

func TestReadmeFunctions(t *testing.T) {
	types := regexp.MustCompile(`\bi(32|64)\b`)
	functions := func(text string) (imports, exports map[string]bool) {
		imports, exports = map[string]bool{}, map[string]bool{}
		for _, row := range rows(text) {
			name := strings.Trim(row[0], "`")
			if name == row[0] || name == "_initialize" {
				continue
			}
			s := name + "(" + strings.Join(types.FindAllString(row[1], -1), ",") + ")" + types.FindString(row[2])
			if strings.HasPrefix(name, "on_") {
				exports["."+s] = true
			} else {
				imports[s] = true
			}
		}
		return imports, exports
	}
	bare := func(all []abi.Function) map[string]bool {
		set := map[string]bool{}
		for _, f := range all {
			f.Module = ""
			set[strings.TrimPrefix(signature(f), ".")] = true
		}
		return set
	}
	imports, exports := functions(section(t, "## The event ABI, as a handler sees it"))
	require.Equal(t, bare(abi.HandlerImports), imports)
	require.Equal(t, signatures(abi.HandlerExports), exports)
	imports, exports = functions(section(t, "## The socket ABI"))
	require.Equal(t, bare(abi.StackImports), imports)
	require.Equal(t, signatures(abi.StackExports), exports)
}

func TestReadmeStatuses(t *testing.T) {
	n := 0
	for _, row := range rows(section(t, "### Statuses"))[1:] {
		require.Equal(t, strconv.Itoa(n), row[0])
		require.NotEqual(t, "unknown status", abi.Status(n).String())
		n++
	}
	require.Equal(t, "unknown status", abi.Status(n).String())
}

func TestReadmeRecords(t *testing.T) {
	text := section(t, "### Records")
	for _, record := range []any{abi.RequestHead{}, abi.ResponseHead{}, abi.Options{}, abi.ClientRequestHead{}, abi.ClientResponseHead{}, abi.Destination{}} {
		r := reflect.TypeOf(record)
		_, table, ok := strings.Cut(text, "\n"+r.Name()+", "+strconv.Itoa(int(r.Size()))+" bytes")
		require.True(t, ok, r.Name())
		table, _, _ = strings.Cut(strings.TrimLeft(table[strings.Index(table, "\n|"):], "\n"), "\n\n")
		all := rows(table)[1:]
		require.Len(t, all, r.NumField(), r.Name())
		for i, row := range all {
			f := r.Field(i)
			require.Equal(t, strconv.Itoa(int(f.Offset)), row[0], f.Name)
			require.Equal(t, strconv.Itoa(int(f.Type.Size())), row[1], f.Name)
			name, _, _ := strings.Cut(row[2], ":")
			if name == "zero" {
				name = "_"
			}
			require.Equal(t, f.Name, goName(name))
		}
	}
}

// goName turns header_count into HeaderCount.
func goName(snake string) string {
	if snake == "_" {
		return snake
	}
	words := strings.Split(snake, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
