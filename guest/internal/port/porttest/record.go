//go:build !wasip1

package porttest

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/abi"
)

// RequestRecord makes the record of a request from its head as a client sends it.
func RequestRecord(raw string, server uint32) []byte {
	line, rest, _ := strings.Cut(raw, "\r\n")
	method, target, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(target, " ")
	r := abi.RequestHead{
		MethodSize:   uint32(len(method)),
		TargetOffset: uint32(len(method) + 1),
		TargetSize:   uint32(len(target)),
		Major:        1,
		Minor:        version[len(version)-1] - '0',
		Server:       server,
	}
	fields := fieldTable(rest, uint32(len(line)+2))
	r.FieldCount = uint32(len(fields))
	r.TextOffset = abi.RequestHeadSize + r.FieldCount*abi.FieldSize
	return append(abi.AppendFields(abi.Append(nil, &r), fields), raw...)
}

// ResponseRecord makes the record of a response to a client from its head as a server sends it.
func ResponseRecord(raw string, flags uint16, bodySize int64) []byte {
	line, rest, _ := strings.Cut(raw, "\r\n")
	version, status, _ := strings.Cut(line, " ")
	status, reason, _ := strings.Cut(status, " ")
	number, _ := strconv.ParseUint(status, 10, 16)
	r := abi.ClientResponseHead{
		ReasonOffset: uint32(len(line) - len(reason)),
		ReasonSize:   uint32(len(reason)),
		Status:       uint16(number),
		Flags:        flags,
		Major:        1,
		Minor:        version[len(version)-1] - '0',
		BodySize:     bodySize,
	}
	fields := fieldTable(rest, uint32(len(line)+2))
	r.FieldCount = uint32(len(fields))
	r.TextOffset = abi.ClientResponseHeadSize + r.FieldCount*abi.FieldSize
	return append(abi.AppendFields(abi.Append(nil, &r), fields), raw...)
}

// TrailersRecord makes a Trailers record from field lines.
func TrailersRecord(raw string) []byte {
	fields := fieldTable(raw, 0)
	r := abi.Trailers{FieldCount: uint32(len(fields))}
	r.TextOffset = abi.TrailersSize + r.FieldCount*abi.FieldSize
	return append(abi.AppendFields(abi.Append(nil, &r), fields), raw...)
}

// fieldTable finds the fields in lines that begin at the offset at.
func fieldTable(lines string, at uint32) (fields []abi.Field) {
	for line := range strings.SplitSeq(lines, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			value = strings.TrimSpace(value)
			fields = append(fields, abi.Field{
				NameOffset: at, NameSize: uint32(len(name)),
				ValueOffset: at + uint32(strings.LastIndex(line, value)), ValueSize: uint32(len(value)),
			})
		}
		at += uint32(len(line) + 2)
	}
	return fields
}
