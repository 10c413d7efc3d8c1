package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// requestRecord puts together the abi.RequestHead of a request. Its text begins with the method: empty
// lines before it may or may not have come with it.
func (e *Engine) requestRecord(h *h1.Head, head []byte, server uint32) []byte {
	if skip := h.MethodSpan.Offset; skip > 0 {
		head = head[skip:]
		h.MethodSpan.Offset = 0
		h.Target.Offset -= skip
		rebase(h.Fields, skip)
	}
	r := abi.RequestHead{
		TextOffset:   uint32(abi.RequestHeadSize + len(h.Fields)*abi.FieldSize),
		FieldCount:   uint32(len(h.Fields)),
		MethodOffset: h.MethodSpan.Offset, MethodSize: h.MethodSpan.Size,
		TargetOffset: h.Target.Offset, TargetSize: h.Target.Size,
		Major: 1, Minor: h.Minor,
		Server:   server,
		BodySize: h.ContentLength,
	}
	if h.KeepAlive {
		r.Flags |= abi.RequestKeepAlive
	}
	if h.HasBody {
		r.Flags |= abi.RequestHasBody
	}
	start := len(e.heads)
	e.heads = abi.Append(e.heads, &r)
	e.heads = abi.AppendFields(e.heads, h.Fields)
	e.heads = append(e.heads, head...)
	return e.heads[start:len(e.heads):len(e.heads)]
}

// trailersRecord puts together the abi.Trailers of a message. Its text begins with the first field: the
// last chunk's bytes before it may or may not have come with it.
func (e *Engine) trailersRecord(fields []abi.Field, section []byte) []byte {
	skip := fields[0].NameOffset
	rebase(fields, skip)
	start := len(e.heads)
	e.heads = abi.Append(e.heads, &abi.Trailers{
		TextOffset: uint32(abi.TrailersSize + len(fields)*abi.FieldSize),
		FieldCount: uint32(len(fields)),
	})
	e.heads = abi.AppendFields(e.heads, fields)
	e.heads = append(e.heads, section[skip:]...)
	return e.heads[start:len(e.heads):len(e.heads)]
}

// rebase moves the offsets of fields to a text that begins skip bytes later.
func rebase(fields []abi.Field, skip uint32) {
	for i := range fields {
		fields[i].NameOffset -= skip
		fields[i].ValueOffset -= skip
	}
}

// responseRecord puts together the abi.ClientResponseHead of a response. Its text begins with the reason phrase.
func (e *Engine) responseRecord(h *h1.Head, head []byte) []byte {
	skip := h.Reason.Offset
	head = head[skip:]
	rebase(h.Fields, skip)
	r := abi.ClientResponseHead{
		TextOffset: uint32(abi.ClientResponseHeadSize + len(h.Fields)*abi.FieldSize),
		FieldCount: uint32(len(h.Fields)),
		ReasonSize: h.Reason.Size,
		Status:     h.Status,
		Major:      1, Minor: h.Minor,
		BodySize: h.ContentLength,
	}
	if h.ToEOF {
		r.BodySize = abi.BodyToEnd
	}
	if h.KeepAlive {
		r.Flags |= abi.ResponseKeepAlive
	}
	if h.HasBody {
		r.Flags |= abi.ResponseHasBody
	}
	start := len(e.heads)
	e.heads = abi.Append(e.heads, &r)
	e.heads = abi.AppendFields(e.heads, h.Fields)
	e.heads = append(e.heads, head...)
	return e.heads[start:len(e.heads):len(e.heads)]
}
