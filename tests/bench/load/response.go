//go:build linux

package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// responses counts the responses in a stream of bytes and checks that each is a 200. It knows the framings of RFC 9112 §6 with
// which a connection can stay: Content-Length and chunked.
type responses struct {
	state state
	left  int64  // bytes of the body or chunk that are still to come
	part  []byte // of a head or line whose end is still to come

	// The last head and its framing. A server sends the same one many times: then it need not be looked into again.
	known       []byte
	knownLength int64 // -1: chunked

	bodyBytes int64 // of all bodies so far
}

type state uint8

const (
	inHead state = iota
	inBody
	inChunkSize
	inChunk
	inChunkEnd // the CRLF after a chunk
	inTrailers
)

const mostLine = 64 << 10 // bytes of a head or line

var (
	headEnd = []byte("\r\n\r\n")
	lineEnd = []byte("\r\n")

	errFraming = errors.New("load: malformed response")
)

// feed takes the next bytes of the stream and returns how many responses ended in them.
func (r *responses) feed(data []byte) (ended int, err error) {
	for len(data) > 0 {
		switch r.state {
		case inHead:
			if len(r.part) == 0 && len(r.known) > 0 && bytes.HasPrefix(data, r.known) {
				data = data[len(r.known):]
				ended += r.begin(r.knownLength)
				continue
			}
			head, rest, ok := r.until(headEnd, data)
			data = rest
			if !ok {
				break
			}
			length, err := framing(head)
			if err != nil {
				return ended, err
			}
			r.known, r.knownLength = append(r.known[:0], head...), length
			r.part = r.part[:0]
			ended += r.begin(length)
		case inBody, inChunk:
			n := min(r.left, int64(len(data)))
			data, r.left, r.bodyBytes = data[n:], r.left-n, r.bodyBytes+n
			if r.left > 0 {
				break
			}
			if r.state == inBody {
				r.state = inHead
				ended++
			} else {
				r.state = inChunkEnd
			}
		default:
			line, rest, ok := r.until(lineEnd, data)
			data = rest
			if !ok {
				break
			}
			done, err := r.line(line[:len(line)-len(lineEnd)])
			r.part = r.part[:0]
			if err != nil {
				return ended, err
			}
			if done {
				ended++
			}
		}
		if len(r.part) > mostLine {
			return ended, fmt.Errorf("%w: no end of %.40q", errFraming, r.part)
		}
	}
	return ended, nil
}

// until returns what there is up to and with end: of data, or of what was left before and data. Without an end it keeps data for the
// next time.
func (r *responses) until(end, data []byte) (found, rest []byte, ok bool) {
	if len(r.part) == 0 {
		if i := bytes.Index(data, end); i >= 0 {
			return data[:i+len(end)], data[i+len(end):], true
		}
		r.part = append(r.part, data...)
		return nil, nil, false
	}
	before := len(r.part)
	r.part = append(r.part, data...)
	i := bytes.Index(r.part[max(before-len(end)+1, 0):], end)
	if i < 0 {
		return nil, nil, false
	}
	size := max(before-len(end)+1, 0) + i + len(end)
	return r.part[:size], data[size-before:], true
}

// begin is at the start of a body; it returns 1 if that is also the end.
func (r *responses) begin(length int64) int {
	switch {
	case length < 0:
		r.state = inChunkSize
	case length == 0:
		return 1
	default:
		r.state, r.left = inBody, length
	}
	return 0
}

// line is one of the lines of the chunked coding, RFC 9112 §7.1. It says whether the response ends there.
func (r *responses) line(line []byte) (done bool, err error) {
	switch r.state {
	case inChunkSize:
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 64)
		if err != nil || size < 0 {
			return false, fmt.Errorf("%w: chunk size %q", errFraming, line)
		}
		r.state, r.left = inChunk, size
		if size == 0 {
			r.state = inTrailers
		}
	case inChunkEnd:
		if len(line) > 0 {
			return false, fmt.Errorf("%w: %q after a chunk", errFraming, line)
		}
		r.state = inChunkSize
	case inTrailers:
		if len(line) == 0 {
			r.state = inHead
			return true, nil
		}
	}
	return false, nil
}

// framing checks the status of a head and returns the length of its body, -1 if that is chunked.
func framing(head []byte) (int64, error) {
	line, fields, _ := bytes.Cut(head, lineEnd)
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
		return 0, fmt.Errorf("%w: %q", ErrStatus, line)
	}
	for len(fields) > 0 {
		line, fields, _ = bytes.Cut(fields, lineEnd)
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("transfer-encoding")) && bytes.EqualFold(value, []byte("chunked")):
			return -1, nil
		case bytes.EqualFold(name, []byte("content-length")):
			length, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil || length < 0 {
				return 0, fmt.Errorf("%w: %q", errFraming, line)
			}
			return length, nil
		}
	}
	return 0, fmt.Errorf("%w: a body that only ends with the connection", errFraming)
}
