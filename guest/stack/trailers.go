package stack

import (
	"github.com/portholehttp/porthole/abi"
)

// parseTrailers checks an abi.Trailers record: fields that frame or route the message may not be in a
// trailer section (RFC 9110 §6.5.1).
func parseTrailers(record []byte) (fields abi.FieldTable, status abi.Status) {
	if len(record) < abi.TrailersSize {
		return fields, abi.StatusInvalid
	}
	r := abi.Decode[abi.Trailers](record)
	fields, ok := abi.Table(record, abi.TrailersSize, r.TextOffset, r.FieldCount)
	if !ok {
		return fields, abi.StatusInvalid
	}
	for i := range fields.Len() {
		if name, _, ok := validField(fields, i); !ok || kindOf(name) != fieldOther {
			return fields, abi.StatusInvalid
		}
	}
	return fields, abi.StatusOK
}

func appendTrailers(out []byte, fields abi.FieldTable) []byte {
	for i := range fields.Len() {
		name, value, _ := fields.Field(i)
		out = appendField(out, name, value)
	}
	return out
}
