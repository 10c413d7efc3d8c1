//go:build linux

package load

import (
	"bytes"
	"fmt"
)

// counted takes the answers to several requests for whole when as many bytes have come as the first of them says: it has to have a Content-Length,
// and the others the same size.
type counted struct {
	head []byte // of the first answer, as far as it has come without its end
	left int64  // bytes that are still to come; 0: the first answer has not said
}

// feed takes the next bytes, and says whether they are the last of depth answers with bodies of that many bytes.
func (c *counted) feed(data []byte, depth int, body int64) (whole bool, err error) {
	if c.left == 0 {
		c.head = append(c.head, data[:min(len(data), mostLine)]...)
		i := bytes.Index(c.head, headEnd)
		if i < 0 {
			if len(c.head) > mostLine {
				return false, fmt.Errorf("%w: no end of %.40q", errFraming, c.head)
			}
			return false, nil
		}
		size := i + len(headEnd)
		length, err := framing(c.head[:size])
		if err != nil {
			return false, err
		}
		if length != body {
			return false, fmt.Errorf("%w: %d bytes instead of %d", ErrBody, length, body)
		}
		before := len(c.head) - min(len(data), mostLine)
		c.head = c.head[:0]
		c.left = (int64(size)+length)*int64(depth) - int64(before)
	}
	if c.left -= int64(len(data)); c.left < 0 {
		return false, fmt.Errorf("%w: %d bytes more than answers of the same size have", errFraming, -c.left)
	}
	return c.left == 0, nil
}
