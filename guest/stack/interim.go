package stack

import (
	"github.com/portholehttp/porthole/abi"
)

// appendInterim appends a whole interim response.
func appendInterim(out []byte, r *abi.ResponseHead, fields abi.FieldTable) ([]byte, abi.Status) {
	out, status := appendStatusLine(out, r, fields)
	if status != abi.StatusOK {
		return nil, status
	}
	for i := range fields.Len() {
		name, value, ok := validField(fields, i)
		if kind := kindOf(name); !ok || kind == fieldContentLength || kind == fieldTransferEncoding {
			return nil, abi.StatusInvalid // RFC 9110 §8.6, RFC 9112 §6.1
		}
		out = appendField(out, name, value)
	}
	return append(out, "\r\n"...), abi.StatusOK
}
