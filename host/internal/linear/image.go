package linear

import (
	"bytes"
	"os"
)

// blank is a page of the machine that was never written.
var blank = make([]byte, os.Getpagesize())

// eachWritten calls f with the offset of each page of b that is not all zero.
func eachWritten(b []byte, f func(offset int, page []byte) error) error {
	for offset := 0; offset < len(b); offset += len(blank) {
		page := b[offset:min(offset+len(blank), len(b))]
		if bytes.Equal(page, blank[:len(page)]) {
			continue
		}
		if err := f(offset, page); err != nil {
			return err
		}
	}
	return nil
}

// duplicate returns a copy of b, to be released. Pages that are all zero take no memory of the machine where it can leave
// them out: half of a Go guest's are.
func duplicate(b []byte) ([]byte, error) {
	c, err := reserveSmall(uint64(len(b)))
	if err != nil {
		return nil, err
	}
	if err := commit(c); err != nil {
		release(c)
		return nil, err
	}
	return c, eachWritten(b, func(offset int, page []byte) error {
		copy(c[offset:], page)
		return nil
	})
}

// copied restores a memory by writing all of it: for small ones, and where there is nothing better.
type copied struct{ to, from []byte }

func copyOf(b []byte) (image, error) {
	from, err := duplicate(b)
	if err != nil {
		return nil, err
	}
	return &copied{b, from}, nil
}

func (c *copied) restore() error {
	copy(c.to, c.from)
	return nil
}

func (c *copied) drop() { release(c.from) }
