package shard

import (
	"encoding/binary"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

// appendWithFields appends an abi.RequestHead to b that is as record, but for fields that are given instead of those by the same names.
// A record that is none is appended as it is.
func appendWithFields(b, record []byte, fields []Field) []byte {
	if len(record) < abi.RequestHeadSize {
		return append(b, record...)
	}
	head := abi.Decode[abi.RequestHead](record)
	table, ok := abi.Table(record, abi.RequestHeadSize, head.TextOffset, head.FieldCount)
	if !ok {
		return append(b, record...)
	}
	start := len(b)
	b = append(b, record[:abi.RequestHeadSize]...)
	count := uint32(0)
	for n := range table.Len() {
		if name, _, ok := table.Field(n); !ok || !replaced(name, fields) {
			b = append(b, record[abi.RequestHeadSize+n*abi.FieldSize:][:abi.FieldSize]...)
			count++
		}
	}
	at := uint32(len(table.Text)) // the new texts follow the old
	for _, f := range fields {
		if f.Value == "" {
			continue
		}
		name, value := uint32(len(f.Name)), uint32(len(f.Value))
		b = abi.AppendFields(b, []abi.Field{{NameOffset: at, NameSize: name, ValueOffset: at + name, ValueSize: value}})
		at += name + value
		count++
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start)) // TextOffset
	binary.LittleEndian.PutUint32(b[start+4:], count)
	b = append(b, table.Text...)
	for _, f := range fields {
		if f.Value != "" {
			b = append(append(b, f.Name...), f.Value...)
		}
	}
	return b
}

func replaced(name []byte, by []Field) bool {
	for _, f := range by {
		if strings.EqualFold(string(name), f.Name) {
			return true
		}
	}
	return false
}
