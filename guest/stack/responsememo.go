package stack

import (
	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/stack/h1"
)

// A server mostly answers with the same head again, at least for a second, until its Date changes. As for requests, the last head of a pool is
// remembered, and one that is equal to it, byte for byte, is not parsed again: if the whole response has come in one piece, and nothing else.

// responseMemo is a head that was parsed.
type responseMemo struct {
	terms  responseTerms
	used   uint64 // Engine.entry in which an event referred to record
	head   []byte // as it was received
	record []byte // abi.ClientResponseHead and what belongs to it
	length int    // of the body
}

// responseTerms is what a head's meaning depends on besides its bytes and the method.
type responseTerms struct{ maxHeaderBytes, maxHeadersCount, lenient uint32 }

// termsOfResponses are those of the next connection of p.
func (p *pool) termsOfResponses() responseTerms {
	return responseTerms{p.limits.MaxHeaderBytes, p.limits.MaxHeadersCount, p.limits.Lenient}
}

// plain reports whether a response to the method ends where its fields say.
func plain(m h1.Method) bool { return m != h1.MethodHead && m != h1.MethodConnect }

// knownResponse takes p if it is a whole response whose head is remembered, and nothing else is under way on c.
func (e *Engine) knownResponse(c *conn, p []byte) bool {
	x := c.reading
	if x == nil || c.client.untold || !x.finished || x.paused || x.pipes != nil || !x.sends.persist || !plain(x.sends.method) {
		return false
	}
	m := c.client.pool.memo
	if m == nil || len(p) != len(m.head)+m.length || m.terms != c.client.terms || !beginsWith(p, m.head) {
		return false
	}
	if c.in.len() > 0 || !c.parser.Fresh() || c.deaf || c.eof || c.broken || c.held || c.stalled || c.scheduled || c.client.free || x.handle == 0 {
		return false
	}
	m.used = e.entry
	x.received = true
	e.events = append(e.events, Event{Kind: abi.EventResponse, Flags: abi.EventEnd | abi.EventDone, Target: x.handle, Head: m.record, Body: p[len(m.head):]})
	e.letGo(c, x)
	return true
}

// rememberResponse keeps the head h of a response, whose bytes and record are given, if it is one to be remembered.
func (e *Engine) rememberResponse(c *conn, h *h1.Head, head, record []byte) {
	x, p := c.reading, c.client.pool
	if e.memo.off || !h.KeepAlive || h.Chunked || h.ToEOF || h.ContentLength < 0 || h.ContentLength > maxEventBody ||
		len(head) > maxMemoHead || len(h.Fields) > maxMemoFields || c.client.terms.lenient != 0 || !plain(x.sends.method) || p.key == "" {
		return
	}
	m := p.memo
	if m == nil {
		m = new(responseMemo)
		p.memo = m
	} else if m.used == e.entry {
		return // an event refers to it
	}
	m.terms, m.length = c.client.terms, int(h.ContentLength)
	m.head = append(m.head[:0], head...)
	m.record = append(m.record[:0], record...)
}
