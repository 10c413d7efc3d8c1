package stack

import (
	"strconv"
	"strings"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/stretchr/testify/require"
)

// simBody returns bytes of one of the streams of a call: 0 the request, 1 the response, 2 and 3 what goes over its tunnel.
func simBody(number, stream, from, size int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = simByte(number, stream, from+i)
	}
	return p
}

func simByte(number, stream, i int) byte {
	return byte((uint64(number*4+stream+1)*0x9E3779B97F4A7C15 + uint64(i)*0xD1B54A32D192ED03) >> 53)
}

func (s *simulation) checkBody(number, stream, from int, p []byte) {
	for i, b := range p {
		if b != simByte(number, stream, from+i) {
			s.failf("byte %d of stream %d of call %d is another's", from+i, stream, number)
		}
	}
}

// decodeResponse returns the fields of an abi.ClientResponseHead by their names, and what else it says.
func decodeResponse(t testing.TB, record []byte) map[string]string {
	r := abi.Decode[abi.ClientResponseHead](record)
	h := map[string]string{":status": strconv.Itoa(int(r.Status))}
	if r.Flags&abi.ResponseKeepAlive == 0 {
		h[":last"] = "1"
	}
	decodeFields(t, h, record, abi.ClientResponseHeadSize, r.TextOffset, r.FieldCount)
	return h
}

// decodeTrailers returns the trailer T.
func decodeTrailers(t testing.TB, record []byte) string {
	r := abi.Decode[abi.Trailers](record)
	h := map[string]string{}
	decodeFields(t, h, record, abi.TrailersSize, r.TextOffset, r.FieldCount)
	return h["t"]
}

func decodeFields(t testing.TB, h map[string]string, record []byte, size int, text, count uint32) {
	fields, ok := abi.Table(record, size, text, count)
	require.True(t, ok)
	for i := range fields.Len() {
		name, value, ok := fields.Field(i)
		require.True(t, ok)
		h[strings.ToLower(string(name))] = string(value)
	}
}
