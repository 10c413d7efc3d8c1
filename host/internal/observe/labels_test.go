package observe

import (
	nethttp "net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMethods(t *testing.T) {
	for i, m := range methods[:otherMethod] {
		assert.Equal(t, i, methodIndex([]byte(m)))
	}
	for _, m := range []string{"", "get", "GETX", "PROPFIND", "other", "\xff"} {
		assert.Equal(t, otherMethod, methodIndex([]byte(m)), "%q", m)
	}
}

func TestCodes(t *testing.T) {
	assert.LessOrEqual(t, len(codes), maxCodes)
	for status, want := range map[int]string{
		0: "none", 100: "100", 101: "101", 200: "200", 404: "404", 418: "418", 503: "503",
		199: "1xx", 299: "2xx", 399: "3xx", 499: "4xx", 599: "5xx",
		1: "other", 99: "other", 600: "other", 999: "other", 1000: "other", -1: "other", 1 << 40: "other",
	} {
		assert.Equal(t, want, codes[codeIndex(status)], "%d", status)
	}
	for status := range 1000 {
		if nethttp.StatusText(status) != "" {
			assert.Equal(t, strconv.Itoa(status), codes[codeIndex(status)])
		}
	}
}
