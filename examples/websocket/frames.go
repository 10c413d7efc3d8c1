package main

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// maxMessage is the most bytes of a message, in all of its fragments.
const maxMessage = 1 << 20

// handler gets what a reader has read. Payloads are valid until the method returns.
type handler interface {
	message(op ws.OpCode, payload []byte) // a whole one
	ping(payload []byte)
	close(payload []byte)
}

// failure is what a peer did wrong: status and reason of the close frame that tells it.
type failure struct {
	status ws.StatusCode
	reason string
}

// reader turns the bytes from a client into messages, however they are split.
type reader struct {
	to      handler
	state   ws.State
	pending []byte // of a header that is not complete
	header  ws.Header
	inside  bool  // a frame: its header is complete
	come    int64 // bytes of its payload

	op      ws.OpCode // of the message whose fragments come
	payload []byte    // so far
	control []byte    // the payload of a control frame, which may come between fragments
	over    bool      // by a close frame or a failure
}

func newReader(to handler) *reader { return &reader{to: to, state: ws.StateServerSide} }

// read reads bytes. What comes after a close frame or a failure is not looked at.
func (r *reader) read(b []byte) *failure {
	for !r.over {
		if !r.inside {
			var f *failure
			if b, f = r.readHeader(b); f != nil {
				r.over = true
				return f
			}
			if !r.inside {
				return nil
			}
		}
		b = r.readPayload(b)
		if r.come < r.header.Length {
			return nil
		}
		if f := r.endFrame(); f != nil {
			r.over = true
			return f
		}
	}
	return nil
}

// readHeader reads as much of a header as there is, and returns the rest.
func (r *reader) readHeader(b []byte) (rest []byte, f *failure) {
	known := len(r.pending)
	r.pending = append(r.pending, b[:min(len(b), ws.MaxHeaderSize-known)]...)
	in := bytes.NewReader(r.pending)
	h, err := ws.ReadHeader(in)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, nil
	case err == nil:
		err = ws.CheckHeader(h, r.state)
	}
	if err != nil {
		return nil, &failure{ws.StatusProtocolError, err.Error()}
	}
	if h.OpCode == ws.OpText || h.OpCode == ws.OpBinary {
		r.op = h.OpCode
	}
	if !h.OpCode.IsControl() && h.Length > int64(maxMessage-len(r.payload)) {
		return nil, &failure{ws.StatusMessageTooBig, "the message is too big"}
	}
	rest = b[len(r.pending)-in.Len()-known:]
	r.pending = r.pending[:0]
	r.header, r.inside, r.come = h, true, 0
	return rest, nil
}

// readPayload reads as much of the payload as there is, and returns the rest.
func (r *reader) readPayload(b []byte) (rest []byte) {
	n := int(min(int64(len(b)), r.header.Length-r.come))
	to := &r.payload
	if r.header.OpCode.IsControl() {
		to = &r.control
	}
	*to = append(*to, b[:n]...)
	ws.Cipher((*to)[len(*to)-n:], r.header.Mask, int(r.come))
	r.come += int64(n)
	return b[n:]
}

// endFrame deals with a frame that is complete.
func (r *reader) endFrame() *failure {
	r.inside = false
	switch {
	case r.header.OpCode.IsControl():
		return r.endControl()
	case !r.header.Fin:
		r.state = r.state.Set(ws.StateFragmented)
		return nil
	case r.op == ws.OpText && !utf8.Valid(r.payload):
		return &failure{ws.StatusInvalidFramePayloadData, "the text is not UTF-8"}
	}
	r.state = r.state.Clear(ws.StateFragmented)
	r.to.message(r.op, r.payload)
	r.payload = r.payload[:0]
	return nil
}

func (r *reader) endControl() *failure {
	payload := r.control
	r.control = r.control[:0]
	switch r.header.OpCode {
	case ws.OpPing:
		r.to.ping(payload)
	case ws.OpClose:
		if f := checkClose(payload); f != nil {
			return f
		}
		r.over = true
		r.to.close(payload)
	}
	return nil // a pong that nobody has asked for says nothing
}

// checkClose checks the payload of a close frame: a status and a text, or nothing (RFC 6455 §5.5.1).
func checkClose(payload []byte) *failure {
	if len(payload) == 0 {
		return nil
	}
	status, reason := ws.ParseCloseFrameData(payload)
	if err := ws.CheckCloseFrameData(status, reason); err != nil {
		return &failure{ws.StatusProtocolError, err.Error()}
	}
	return nil
}
