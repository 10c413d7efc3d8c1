package module

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

var kindNames = [...]string{Func: "function", Table: "table", Memory: "memory", Global: "global", Tag: "tag"}

// String returns the kind's English name.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// String writes s as in "(i32, i64) -> i32".
func (s Signature) String() string {
	var b strings.Builder
	b.WriteByte('(')
	writeTypes(&b, s.Params)
	b.WriteByte(')')
	switch len(s.Results) {
	case 0:
	case 1:
		b.WriteString(" -> ")
		writeTypes(&b, s.Results)
	default:
		b.WriteString(" -> (")
		writeTypes(&b, s.Results)
		b.WriteByte(')')
	}
	return b.String()
}

func writeTypes(b *strings.Builder, types []abi.ValueType) {
	for i, t := range types {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(typeName(t))
	}
}

// The one-byte value types of the core specification, version 2.
func typeName(t abi.ValueType) string {
	switch t {
	case abi.I32:
		return "i32"
	case abi.I64:
		return "i64"
	case 0x7d:
		return "f32"
	case 0x7c:
		return "f64"
	case 0x7b:
		return "v128"
	case refFunc:
		return "funcref"
	case refExtern:
		return "externref"
	}
	return "" // not one of them
}

const (
	refFunc   abi.ValueType = 0x70
	refExtern abi.ValueType = 0x6f
)

// maxShownName is how many bytes of a name an error or report shows.
const maxShownName = 80

// Printable returns name as it is if it is plain ASCII text, else quoted, and in any case cut: it comes from
// a hostile module and goes to a terminal or a log.
func Printable(name string) string {
	cut := len(name) > maxShownName
	if cut {
		name = name[:maxShownName]
	}
	plain := name != "" && strings.TrimSpace(name) == name
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c >= ' ' && c < 0x7f && c != '"' && c != '\\'
	}
	if !plain {
		name = strconv.QuoteToASCII(name)
	}
	if cut {
		name += "…"
	}
	return name
}
