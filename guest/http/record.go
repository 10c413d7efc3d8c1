package http

import (
	"unsafe"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// Records that are sent are built in one scratch buffer, for the seam has read them when it returns.
// A head that is received is copied into a string once, and the strings of a request are parts of it.

// scratch holds the record of the call under way.
var scratch []byte

// maxScratch bytes of it are kept between calls, so that one huge head is not held for ever.
const maxScratch = 64 << 10

// encodeResponseHead builds a ResponseHead in scratch. Reason and headers were validated.
func encodeResponseHead(status, flags uint16, reason string, headers []Header) []byte {
	b := abi.Append(emptyScratch(), &abi.ResponseHead{
		TextOffset: uint32(abi.ResponseHeadSize + len(headers)*abi.FieldSize),
		FieldCount: uint32(len(headers)),
		ReasonSize: uint32(len(reason)), // and at offset 0, first of the text
		Status:     status,
		Flags:      flags,
	})
	b = appendFields(b, uint32(len(reason)), headers)
	scratch = appendText(append(b, reason...), headers)
	return scratch
}

// encodeRequestHead builds a ClientRequestHead in scratch. All of it was validated.
func encodeRequestHead(method, target string, headers []Header) []byte {
	at := uint32(len(method) + len(target))
	b := abi.Append(emptyScratch(), &abi.ClientRequestHead{
		TextOffset:   uint32(abi.ClientRequestHeadSize + len(headers)*abi.FieldSize),
		FieldCount:   uint32(len(headers)),
		MethodSize:   uint32(len(method)), // and at offset 0, first of the text
		TargetOffset: uint32(len(method)),
		TargetSize:   uint32(len(target)),
	})
	b = append(append(appendFields(b, at, headers), method...), target...)
	scratch = appendText(b, headers)
	return scratch
}

// encodeTrailers builds a Trailers record in scratch.
func encodeTrailers(trailers []Header) []byte {
	b := abi.Append(emptyScratch(), &abi.Trailers{
		TextOffset: uint32(abi.TrailersSize + len(trailers)*abi.FieldSize),
		FieldCount: uint32(len(trailers)),
	})
	scratch = appendText(appendFields(b, 0, trailers), trailers)
	return scratch
}

// encodeListenRequest builds a ListenRequest in scratch.
func encodeListenRequest(r *abi.ListenRequest, host string) []byte {
	r.HostSize = uint32(len(host))
	scratch = append(abi.Append(emptyScratch(), r), host...)
	return scratch
}

func emptyScratch() []byte {
	if cap(scratch) > maxScratch {
		scratch = nil
	}
	return scratch[:0]
}

// appendFields appends the entries of headers whose names and values, one after another, begin at the
// offset at of the text.
func appendFields(b []byte, at uint32, headers []Header) []byte {
	for i := range headers {
		f := abi.Field{NameOffset: at, NameSize: uint32(len(headers[i].Name)), ValueSize: uint32(len(headers[i].Value))}
		f.ValueOffset = f.NameOffset + f.NameSize
		at = f.ValueOffset + f.ValueSize
		b = abi.Append(b, &f)
	}
	return b
}

func appendText(b []byte, headers []Header) []byte {
	for i := range headers {
		b = append(append(b, headers[i].Name...), headers[i].Value...)
	}
	return b
}

// decodeFields reads the field table of a record, which begins at the offset fields, with names and values as
// parts of all, its text. There is room for more in the list. The record comes from the engine: offsets that leave it are a fault like any other panic.
func decodeFields(record string, fields int, count uint32, all string, more int) Headers {
	headers := roomForFields(int(count) + more)[:count]
	table := record[fields:][:count*abi.FieldSize]
	for i := range headers {
		f := (*abi.Field)(unsafe.Pointer(unsafe.StringData(table[i*abi.FieldSize:])))
		h := &headers[i]
		h.Name, h.Value = all[f.NameOffset:][:f.NameSize], all[f.ValueOffset:][:f.ValueSize]
	}
	return headers
}

// spareFields is how many fields can be added to RawHeaders without an allocation, as a proxy does.
const spareFields = 4

// decodeTrailers reads a Trailers record, "" for none. Names are in lower case.
func decodeTrailers(record string) Headers {
	if record == "" {
		return nil
	}
	t := abi.Decode[abi.Trailers](text.Bytes(record))
	trailers := decodeFields(record, abi.TrailersSize, t.FieldCount, record[t.TextOffset:], 0)
	lowerNames(trailers)
	return trailers
}

// decodeHandle reads the u64 of abi.EventSocket. (encoding/binary brings package reflect.)
func decodeHandle(head []byte) (handle uint64) {
	for i, c := range head[:8] {
		handle |= uint64(c) << (8 * i)
	}
	return handle
}

// httpVersion is the version as text; the major number is 1.
func httpVersion(minor uint8) string {
	if minor == 0 {
		return "1.0"
	}
	return "1.1"
}

// lowerNames puts all names into lower case, with one allocation at most, and none for those that are common.
func lowerNames(headers Headers) {
	var names []byte
	for i := range headers {
		name := headers[i].Name
		if common := commonName(name); common != "" {
			headers[i].Name = common
			continue
		}
		if text.IsLower(name) {
			continue
		}
		if names == nil {
			names = make([]byte, 0, sizeOfNames(headers[i:]))
		}
		start := len(names)
		for j := 0; j < len(name); j++ {
			names = append(names, text.LowerByte(name[j]))
		}
		headers[i].Name = text.String(names[start:])
	}
}

func sizeOfNames(headers Headers) (size int) {
	for i := range headers {
		size += len(headers[i].Name)
	}
	return size
}
