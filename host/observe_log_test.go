package host_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// logLine is what a call logs, as far as the call itself says.
type logLine struct {
	at         string
	level      string // "": not said
	message    string
	attributes []string
}

// Functions that log the text they get.
var logWrappers = []string{"logFault", "logged"}

var logMethods = []string{"Debug", "Info", "Warn", "Error"}

// logLines returns what the sources of the host log.
func logLines(t *testing.T) (all []logLine) {
	t.Helper()
	files := token.NewFileSet()
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && d.Name() == "testdata" {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if line, ok := lineOf(call); ok {
					line.at = files.Position(call.Pos()).String()
					all = append(all, line)
				}
			}
			return true
		})
		return nil
	}))
	return all
}

func lineOf(call *ast.CallExpr) (line logLine, ok bool) {
	callee, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return line, false
	}
	of := lastName(callee.X)
	isLog := strings.HasSuffix(strings.ToLower(of), "log") || strings.HasSuffix(of, "Logger")
	arguments := call.Args
	switch name := callee.Sel.Name; {
	case slices.Contains(logWrappers, name):
	case isLog && slices.Contains(logMethods, name):
		line.level = strings.ToUpper(name)
	case isLog && (name == "LogAttrs" || name == "Log") && len(arguments) >= 3:
		if level := lastName(arguments[1]); strings.HasPrefix(level, "Level") {
			line.level = strings.ToUpper(strings.TrimPrefix(level, "Level"))
		}
		arguments = arguments[2:]
	default:
		return line, false
	}
	if line.message, ok = literal(arguments[0]); !ok {
		return line, slices.Contains(logWrappers, callee.Sel.Name) // of another one it is a wrapper's own
	}
	for rest := arguments[1:]; len(rest) > 0; rest = rest[1:] {
		key, isKey := literal(rest[0])
		if attr, isCall := rest[0].(*ast.CallExpr); isCall && len(attr.Args) == 2 {
			key, isKey = literal(attr.Args[0]) // slog.String(key, value)
		} else if isKey && len(rest) > 1 {
			rest = rest[1:] // the value
		}
		if isKey {
			line.attributes = append(line.attributes, key)
		}
	}
	return line, true
}

// lastName returns c of a.b.c.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

// What the host logs is what docs/observability.md says.
func TestLogLinesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/observability.md")
	require.NoError(t, err)
	_, rows, ok := strings.Cut(string(text), "| message | level | attributes | when |\n|---|---|---|---|\n")
	require.True(t, ok)
	documented := make(map[string][]string)
	for row := range strings.Lines(rows) {
		cells := strings.Split(strings.ReplaceAll(row, "`", ""), " | ")
		if len(cells) != 4 {
			break
		}
		documented[strings.TrimPrefix(cells[0], "| ")] = cells[1:]
	}
	logged := make(map[string]bool)
	for _, line := range logLines(t) {
		row, ok := documented[line.message]
		if !assert.True(t, ok, "%s: %q is not documented", line.at, line.message) {
			continue
		}
		logged[line.message] = true
		if line.level != "" {
			assert.Contains(t, row[0], line.level, line.at)
		}
		for _, key := range line.attributes {
			assert.Contains(t, strings.Split(row[1], ", "), key, "%s: of %q", line.at, line.message)
		}
	}
	for message := range documented {
		assert.True(t, logged[message], "%q is not logged", message)
	}
}
