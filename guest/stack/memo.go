package stack

import (
	"encoding/binary"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// A client that keeps its connection mostly says the same again, but for the target. What a head means follows from its bytes and
// the limits of the listener alone; so heads that were parsed well are remembered, and one that is equal to one of them, byte for
// byte, from the version on is not parsed again. What is before the version is looked at each time.
//
// Remembered are only heads whose rest means the same behind any method and target that h1.OriginForm takes: of HTTP/1.1, without
// Upgrade and Expect, from a client that lets the connection persist, and parsed without a leniency.

const (
	memoSlots     = 64      // of an engine
	maxMemoHead   = 2 << 10 // bytes of a head
	maxMemoFields = 64

	// A client whose heads differ all the time pays for one look-up in memoRetry, once it has missed so often.
	maxMisses = 4
	memoRetry = 16
)

// recollection is a head that was parsed.
type recollection struct {
	listener *listener // with whose limits
	used     uint64    // Engine.entry in which an event referred to record
	record   []byte    // abi.RequestHead and what belongs to it, with the method and target that came last
	text     int       // offset of the text in record
	rest     int       // offset in the text of what is remembered: the version and all behind it
	method   h1.Method // in record
	head     h1.Head   // how the body is framed; without Fields
}

// memo holds the heads that an engine remembers. A connection refers to that of its last request, a listener to the newest. The
// slot may hold another head by then, which shows when it is compared.
type memo struct {
	off   bool // in tests: nothing is remembered
	slots []*recollection
	next  int // the slot to fill anew
}

// recall looks for the head that p begins with, and returns what is remembered of it, its record and its method; nil if nothing is.
// The record is valid until the next entry.
func (e *Engine) recall(c *conn, p []byte) (m *recollection, record []byte, method h1.Method) {
	l := c.listener
	if c.misses > maxMisses && c.served%memoRetry != 0 {
		return nil, nil, 0
	}
	if m = c.memo; m == nil || m.listener != l {
		if m = l.memo; m == nil || m.listener != l {
			return nil, nil, 0
		}
	}
	if beginsWith(p, m.record[m.text:]) {
		m.used = e.entry
		c.misses = 0
		return m, m.record, m.method
	}
	other := l.memo
	if other == m || other.listener != l {
		other = nil
	}
	if other == nil && beginsWith(p, m.record[m.text:m.text+m.rest+1]) {
		return nil, nil, 0 // up to the space, so it is the rest that differs
	}
	method, target, end := h1.OriginForm(p)
	if end == 0 {
		return nil, nil, 0
	}
	rest := m.record[m.text+m.rest:]
	if !beginsWith(p[end:], rest) {
		if other == nil {
			return nil, nil, 0
		}
		m = other
		if rest = m.record[m.text+m.rest:]; !beginsWith(p[end:], rest) {
			return nil, nil, 0
		}
	}
	size := int(end) + len(rest)
	if size > min(maxMemoHead, int(l.options.MaxHeaderBytes)) {
		return nil, nil, 0 // the parser sees to it
	}
	c.memo, c.misses = m, 0
	return m, e.readdress(m, p[:size], method, int(target), int(end)), method
}

// readdress returns the record of m for a head that is equal from end on. It is made in place, unless an event that is not
// delivered yet refers to what is there.
func (e *Engine) readdress(m *recollection, head []byte, method h1.Method, target, end int) []byte {
	if m.used == e.entry {
		start := len(e.heads)
		e.heads = append(append(e.heads, m.record[:m.text]...), head...)
		record := e.heads[start:len(e.heads):len(e.heads)]
		setTarget(record[:m.text], target, end, end-m.rest)
		return record
	}
	m.record = append(m.record[:m.text], head...)
	setTarget(m.record[:m.text], target, end, end-m.rest)
	m.used, m.rest, m.method = e.entry, end, method
	return m.record
}

// setTarget writes into a RequestHead and its table where the target is now, and that the fields are shift bytes further on.
func setTarget(record []byte, target, end, shift int) {
	const (
		methodSize   = 12
		targetOffset = 16
		targetSize   = 20
	)
	le := binary.LittleEndian
	le.PutUint32(record[methodSize:], uint32(target-1))
	le.PutUint32(record[targetOffset:], uint32(target))
	le.PutUint32(record[targetSize:], uint32(end-target))
	if shift == 0 {
		return
	}
	// Offset and size of a span are one word; no offset becomes negative, so nothing is carried or borrowed.
	for spans := record[abi.RequestHeadSize:]; len(spans) >= 8; spans = spans[8:] {
		le.PutUint64(spans, le.Uint64(spans)+uint64(int64(shift)))
	}
}

// remember keeps the head h, whose record is given, if it is one to be remembered.
func (e *Engine) remember(c *conn, h *h1.Head, record []byte) {
	text := abi.RequestHeadSize + len(h.Fields)*abi.FieldSize
	l := c.listener
	if c.misses <= maxMisses {
		c.misses++
	} else if c.served%memoRetry != 0 {
		return
	}
	switch {
	case e.memo.off, len(record)-text > maxMemoHead, len(h.Fields) > maxMemoFields, h.Minor == 0, record[text+int(h.Target.Offset)] != '/',
		h.Upgrade, h.ExpectContinue, h.ExpectOther, !h.KeepAlive, l.options.Lenient != 0:
		return
	}
	var m *recollection
	if len(e.memo.slots) < memoSlots {
		m = new(recollection)
		e.memo.slots = append(e.memo.slots, m)
	} else {
		m = e.memo.slots[e.memo.next]
		if m.used == e.entry {
			return // an event refers to it
		}
		e.memo.next = (e.memo.next + 1) % memoSlots
	}
	m.listener, m.text, m.rest = l, text, int(h.Target.Offset+h.Target.Size)
	m.record = append(m.record[:0], record...)
	m.method = h.Method
	m.head = *h
	m.head.Fields = nil
	c.memo, l.memo = m, m
}
