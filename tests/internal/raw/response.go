package raw

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Response is a response as it was on the wire.
type Response struct {
	Version  string // "HTTP/1.1" or "HTTP/1.0"
	Status   int
	Reason   string
	Fields   []Field
	Framing  Framing
	Body     string
	Trailers []Field
	Complete bool // false if the connection ended first
}

// Field is one field line.
type Field struct{ Name, Value string }

// Framing is how the end of a body is known (RFC 9112 §6.3).
type Framing string

// The framings.
const (
	None    Framing = "none" // there cannot be a body
	Length  Framing = "length"
	Chunked Framing = "chunked"
	Close   Framing = "close" // the connection's end
)

// Get returns the value of the only field line of that name, "" if there is none. Several are joined by " | ", so that a
// comparison fails.
func (r *Response) Get(name string) string { return get(r.Fields, name) }

// Trailer is Get for the trailer section.
func (r *Response) Trailer(name string) string { return get(r.Trailers, name) }

func get(fields []Field, name string) string {
	var values []string
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return strings.Join(values, " | ")
}

// Read reads one response to a request with that method. The error is io.EOF if there is no byte of one, and otherwise about a
// head that is not as RFC 9112 wants it. A body that breaks off or is malformed leaves Complete false.
func Read(in *bufio.Reader, method string) (*Response, error) {
	line, err := readLine(in)
	if err != nil {
		return nil, err
	}
	r := &Response{}
	version, rest, _ := strings.Cut(line, " ")
	code, reason, spaced := strings.Cut(rest, " ")
	if r.Status, err = strconv.Atoi(code); err != nil || len(code) != 3 || !spaced || version != "HTTP/1.1" && version != "HTTP/1.0" {
		return nil, fmt.Errorf("bad status line %q", line)
	}
	r.Version, r.Reason = version, reason
	if r.Fields, err = readFields(in); err != nil {
		return nil, err
	}
	r.Complete = true
	if err := r.readBody(in, method); err != nil {
		if !broken(err) {
			return nil, err
		}
		r.Complete = false
	}
	return r, nil
}

func (r *Response) readBody(in *bufio.Reader, method string) error {
	coding, length := r.Get("Transfer-Encoding"), r.Get("Content-Length")
	if coding != "" && length != "" {
		return fmt.Errorf("Content-Length %q beside Transfer-Encoding %q", length, coding)
	}
	var body []byte
	var err error
	switch {
	case method == "HEAD", r.Status < 200, r.Status == 204, r.Status == 304, method == "CONNECT" && r.Status < 300:
		r.Framing = None
		return nil
	case coding == "chunked":
		r.Framing = Chunked
		body, err = r.readChunks(in)
	case coding != "":
		return fmt.Errorf("bad Transfer-Encoding %q", coding)
	case length != "":
		r.Framing = Length
		var n int
		if n, err = strconv.Atoi(length); err != nil || n < 0 {
			return fmt.Errorf("bad Content-Length %q", length)
		}
		body = make([]byte, n)
		n, err = io.ReadFull(in, body)
		body = body[:n]
	default:
		r.Framing = Close
		body, err = io.ReadAll(in)
	}
	r.Body = string(body)
	return err
}

// readChunks reads a chunked body and its trailers (RFC 9112 §7.1).
func (r *Response) readChunks(in *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := readLine(in)
		if err != nil {
			return body, err
		}
		size, err := strconv.ParseUint(line, 16, 31)
		if err != nil || line == "" || line[0] == '+' {
			return body, fmt.Errorf("bad chunk size %q", line)
		}
		if size == 0 {
			r.Trailers, err = readFields(in)
			return body, err
		}
		chunk := make([]byte, size+2)
		n, err := io.ReadFull(in, chunk)
		body = append(body, chunk[:min(n, int(size))]...)
		if err != nil {
			return body, err
		}
		if string(chunk[size:]) != "\r\n" {
			return body, fmt.Errorf("chunk ends in %q", chunk[size:])
		}
	}
}

// readFields reads field lines to the blank line.
func readFields(in *bufio.Reader) ([]Field, error) {
	var fields []Field
	for {
		line, err := readLine(in)
		if err != nil || line == "" {
			return fields, err
		}
		name, value, ok := strings.Cut(line, ": ")
		if !ok || name == "" || strings.ContainsAny(name, " \t") || strings.TrimSpace(value) != value {
			return fields, fmt.Errorf("bad field line %q", line)
		}
		fields = append(fields, Field{name, value})
	}
}

// readLine reads a line that must end in CRLF. The error is io.EOF only if there is nothing left.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	switch {
	case err == io.EOF && line != "":
		return "", io.ErrUnexpectedEOF
	case err != nil:
		return "", err
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsAny(text, "\r\x00") {
		return "", fmt.Errorf("bad line %q", line)
	}
	return text, nil
}

// broken reports whether err says that the connection ended, or was reset, before the message did.
func broken(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || IsReset(err)
}

// String is for failures of tests.
func (r *Response) String() string {
	return fmt.Sprintf("%s %d %s %v %s %s %v complete=%v", r.Version, r.Status, r.Reason, r.Fields, r.Framing, Abridged(r.Body), r.Trailers, r.Complete)
}

// Abridged quotes s, or its beginning if it is long.
func Abridged(s string) string {
	const most = 1000
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return fmt.Sprintf("%q… of %d bytes", s[:most], len(s))
}
