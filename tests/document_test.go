package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
	"github.com/portholehttp/porthole/guest/timers"
)

// documented is a row of docs/node-http.md: an entry of Node's document, the Go names for it, and the tests that prove them.
type documented struct{ entry, names, tests, difference string }

// rows reads the tables of docs/node-http.md.
func documentedEntries(t *testing.T) (rows []documented) {
	text, err := os.ReadFile("../docs/node-http.md")
	require.NoError(t, err)
	for line := range strings.SplitSeq(string(text), "\n") {
		cells := strings.Split(strings.ReplaceAll(strings.Trim(line, "|"), `\|`, "¦"), "|")
		if !strings.HasPrefix(line, "| ") || len(cells) != 4 || strings.HasPrefix(cells[0], " document ") {
			continue
		}
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(cells[i]), "¦", "|")
		}
		rows = append(rows, documented{cells[0], cells[1], cells[2], cells[3]})
	}
	return rows
}

// Every entry of Node's document has its row, in order, and there is no other.
func TestDocumentIsComplete(t *testing.T) {
	list, err := os.ReadFile("testdata/document.txt")
	require.NoError(t, err)
	var entries []string
	for _, row := range documentedEntries(t) {
		entries = append(entries, strings.ReplaceAll(row.entry, "`", ""))
	}
	assert.Equal(t, strings.Split(strings.TrimSpace(string(list)), "\n"), entries)
}

// Every row names what exists: Go names that a handler can use, and tests.
func TestDocumentIsTrue(t *testing.T) {
	functions := packageNames(t, "http", "net", "timers")
	for _, row := range documentedEntries(t) {
		names := spans(row.names)
		assert.NotEmpty(t, names, "%s has no Go name", row.entry)
		for _, name := range names {
			assert.True(t, functions[name] || hasMember(name), "%s: there is no %s", row.entry, name)
		}
		tests := spans(row.tests)
		assert.NotEmpty(t, tests, "%s has no test", row.entry)
		for _, test := range tests {
			assert.True(t, testExists(t, test), "%s: there is no test %s", row.entry, test)
		}
	}
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// spans returns what stands in backquotes.
func spans(cell string) (all []string) {
	for _, m := range codeSpan.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

// The types whose methods and fields rows may name.
var documentedTypes = map[string]reflect.Type{
	"http.Server":         reflect.TypeFor[*http.Server](),
	"http.ServerRequest":  reflect.TypeFor[*http.ServerRequest](),
	"http.ServerResponse": reflect.TypeFor[*http.ServerResponse](),
	"http.RequestOptions": reflect.TypeFor[*http.RequestOptions](),
	"http.Agent":          reflect.TypeFor[*http.Agent](),
	"http.ClientRequest":  reflect.TypeFor[*http.ClientRequest](),
	"http.ClientResponse": reflect.TypeFor[*http.ClientResponse](),
	"http.Client":         reflect.TypeOf(http.CreateClient(0, "")), //nolint:staticcheck // the document has it
	"http.Headers":        reflect.TypeFor[*http.Headers](),
	"net.Socket":          reflect.TypeFor[*net.Socket](),
	"timers.Timer":        reflect.TypeFor[*timers.Timer](),
}

// hasMember reports whether a name such as http.Server.OnRequest is that of a method or field.
func hasMember(name string) bool {
	i := strings.LastIndex(name, ".")
	if i < 0 {
		return false
	}
	t := documentedTypes[name[:i]]
	if t == nil {
		return false
	}
	if _, ok := t.MethodByName(name[i+1:]); ok {
		return true
	}
	_, ok := t.Elem().FieldByName(name[i+1:])
	return ok && ast.IsExported(name[i+1:])
}

// packageNames returns what guest packages export at their top level, as http.Request.
func packageNames(t *testing.T, packages ...string) map[string]bool {
	names := map[string]bool{}
	for _, p := range packages {
		files, err := filepath.Glob("../guest/" + p + "/*.go")
		require.NoError(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, d := range file.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil {
						names[p+"."+d.Name.Name] = true
					}
				case *ast.GenDecl:
					for _, s := range d.Specs {
						switch s := s.(type) {
						case *ast.ValueSpec:
							for _, n := range s.Names {
								names[p+"."+n.Name] = true
							}
						case *ast.TypeSpec:
							names[p+"."+s.Name.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

// testExists looks for a test function, as guest/http.TestName, or a scenario, as events/client.md: its title.
func testExists(t *testing.T, test string) bool {
	if file, title, ok := strings.Cut(test, ": "); ok {
		text, err := os.ReadFile("testdata/" + file)
		return err == nil && strings.Contains(string(text), "\n## "+title+"\n")
	}
	dir, name, ok := strings.Cut(test, ".")
	if !ok || !strings.HasPrefix(name, "Test") {
		return false
	}
	files, err := filepath.Glob("../" + dir + "/*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T) {") {
			return true
		}
	}
	return false
}
