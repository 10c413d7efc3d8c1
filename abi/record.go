package abi

import "unsafe"

// Record is a fixed layout of this package. All are plain integers without padding, so the bytes
// in memory are the record: every machine that Go and wazero's compiler share is little-endian.
type Record interface {
	Field | RequestHead | ResponseHead | Trailers | Options | ListenRequest |
		ClientRequestHead | ClientResponseHead | Destination | Pipe
}

// Decode returns the record at the start of b, which must be long enough. b need not be aligned.
func Decode[R Record](b []byte) (r R) {
	_ = b[unsafe.Sizeof(r)-1]
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r)), b)
	return r
}

// Append appends the bytes of r to b.
func Append[R Record](b []byte, r *R) []byte {
	return append(b, unsafe.Slice((*byte)(unsafe.Pointer(r)), unsafe.Sizeof(*r))...)
}

// AppendFields appends a table of fields to b.
func AppendFields(b []byte, fields []Field) []byte {
	if len(fields) == 0 {
		return b
	}
	return append(b, unsafe.Slice((*byte)(unsafe.Pointer(&fields[0])), len(fields)*FieldSize)...)
}

// FieldTable is the table and text of a head record.
type FieldTable struct {
	table []byte
	Text  []byte
}

// Table returns the field table of a head record whose fixed part is fixedSize bytes, and false if the
// record's sizes disagree. Spans of fields are checked by Field.
func Table(record []byte, fixedSize int, textOffset, fieldCount uint32) (t FieldTable, ok bool) {
	if uint64(textOffset) != uint64(fixedSize)+uint64(fieldCount)*FieldSize || uint64(textOffset) > uint64(len(record)) {
		return t, false
	}
	return FieldTable{record[fixedSize:textOffset], record[textOffset:]}, true
}

// Len returns the number of fields.
func (t FieldTable) Len() int { return len(t.table) / FieldSize }

// Field returns name and value of field i as views of the text; ok is false if a span leaves the text.
func (t FieldTable) Field(i int) (name, value []byte, ok bool) {
	f := Decode[Field](t.table[i*FieldSize:])
	name, ok = t.Span(f.NameOffset, f.NameSize)
	if !ok {
		return nil, nil, false
	}
	value, ok = t.Span(f.ValueOffset, f.ValueSize)
	return name, value, ok
}

// Span returns size bytes of the text from offset; ok is false if they leave the text.
func (t FieldTable) Span(offset, size uint32) (span []byte, ok bool) {
	if uint64(offset)+uint64(size) > uint64(len(t.Text)) {
		return nil, false
	}
	return t.Text[offset : offset+size : offset+size], true
}
