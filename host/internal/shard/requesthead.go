package shard

import (
	"bytes"

	"github.com/portholehttp/porthole/abi"
)

// request is what the host reads of an abi.RequestHead: to route it, to bound its body, and to tell an observer. The texts are
// views of the record. A record that is none gives an empty one.
type request struct {
	method, target []byte
	bodySize       int64
	fields         abi.FieldTable
}

func readRequest(record []byte) (r request) {
	if len(record) < abi.RequestHeadSize {
		return r
	}
	head := abi.Decode[abi.RequestHead](record)
	fields, ok := abi.Table(record, abi.RequestHeadSize, head.TextOffset, head.FieldCount)
	if !ok {
		return r
	}
	r.fields, r.bodySize = fields, head.BodySize
	r.method, _ = fields.Span(head.MethodOffset, head.MethodSize)
	r.target, _ = fields.Span(head.TargetOffset, head.TargetSize)
	return r
}

// field returns the value of the first field by a name in lower case.
func (r *request) field(name string) []byte {
	for n := range r.fields.Len() {
		if other, value, ok := r.fields.Field(n); ok && same(other, name) {
			return value
		}
	}
	return nil
}

// joined returns the values of all fields by a name in lower case, joined by commas (RFC 9110 §5.2).
func (r *request) joined(name string) []byte {
	var all []byte
	count := 0
	for n := range r.fields.Len() {
		other, value, ok := r.fields.Field(n)
		if !ok || !same(other, name) {
			continue
		}
		switch count++; count {
		case 1:
			all = value
		case 2:
			all = append(append(bytes.Clone(all), ','), value...)
		default:
			all = append(append(all, ','), value...)
		}
	}
	return all
}

// same compares a field's name without regard to case to one in lower case.
func same(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for n, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[n] {
			return false
		}
	}
	return true
}
