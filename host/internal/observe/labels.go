package observe

import (
	nethttp "net/http"
	"strconv"
	"strings"
)

// Clients make up methods and handlers make up statuses, so labels have a value for each that is known, and one for the others.

// methods are the values of the label method: those of RFC 9110 §9.3 and RFC 5789.
var methods = [...]string{
	nethttp.MethodGet, nethttp.MethodHead, nethttp.MethodPost, nethttp.MethodPut, nethttp.MethodDelete,
	nethttp.MethodConnect, nethttp.MethodOptions, nethttp.MethodTrace, nethttp.MethodPatch,
	"other",
}

const otherMethod = len(methods) - 1

// methodIndex returns the place of a method in methods.
func methodIndex(method []byte) int {
	switch string(method) { // without a copy
	case nethttp.MethodGet:
		return 0
	case nethttp.MethodHead:
		return 1
	case nethttp.MethodPost:
		return 2
	case nethttp.MethodPut:
		return 3
	case nethttp.MethodDelete:
		return 4
	case nethttp.MethodConnect:
		return 5
	case nethttp.MethodOptions:
		return 6
	case nethttp.MethodTrace:
		return 7
	case nethttp.MethodPatch:
		return 8
	}
	return otherMethod
}

// codes are the values of the label code: "none" for an exchange that was cut before its response had a head, the statuses that are registered
// with IANA, and a class, as in "4xx", for others. codeIndexes has the place in it of each status.
var codes, codeIndexes = listCodes()

func listCodes() (codes []string, indexes [1000]uint8) {
	codes = []string{"none", "1xx", "2xx", "3xx", "4xx", "5xx", "other"}
	for status := range indexes {
		switch class := status / 100; {
		case nethttp.StatusText(status) != "":
			indexes[status] = uint8(len(codes))
			codes = append(codes, strconv.Itoa(status))
		case status == 0:
		case class >= 1 && class <= 5:
			indexes[status] = uint8(class)
		default:
			indexes[status] = 6
		}
	}
	return codes, indexes
}

// codeIndex returns the place of a status in codes. 0 means that there was none.
func codeIndex(status int) int {
	if status < 0 || status >= len(codeIndexes) {
		status = 999
	}
	return int(codeIndexes[status])
}

// labelValue makes a name fit to be one: Prometheus and OTLP take UTF-8 only.
func labelValue(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }
