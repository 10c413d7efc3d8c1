package module

import (
	"fmt"
	"unicode/utf8"
)

// FormatError says where and why bytes stop being a core module.
type FormatError struct {
	Offset  int    // in bytes from the start of the file
	Section string // which section that is in; empty outside of any
	Reason  string
}

func (e *FormatError) Error() string {
	if e.Section == "" {
		return fmt.Sprintf("malformed WebAssembly at byte %d: %s", e.Offset, e.Reason)
	}
	return fmt.Sprintf("malformed WebAssembly at byte %d, in the %s section: %s", e.Offset, e.Section, e.Reason)
}

// scanner reads a binary from front to back. The first fault sticks: every later read returns a zero, so
// that a caller may read a whole entry before it looks at err; count bounds what a loop does past a fault.
type scanner struct {
	data    []byte // to the end of the section, or of the file between sections
	pos     int
	section string
	err     error
}

func (s *scanner) fail(offset int, format string, args ...any) {
	if s.err == nil {
		s.err = &FormatError{Offset: offset, Section: s.section, Reason: fmt.Sprintf(format, args...)}
	}
	s.pos = len(s.data)
}

func (s *scanner) rest() int { return len(s.data) - s.pos }

func (s *scanner) byte() byte {
	if s.rest() == 0 {
		s.fail(s.pos, "truncated")
		return 0
	}
	b := s.data[s.pos]
	s.pos++
	return b
}

func (s *scanner) bytes(n uint64) []byte {
	if n > uint64(s.rest()) {
		s.fail(s.pos, "truncated: %d bytes announced, %d left", n, s.rest())
		return nil
	}
	b := s.data[s.pos : s.pos+int(n)]
	s.pos += int(n)
	return b
}

// uint reads an unsigned LEB128 number of at most bits bits.
func (s *scanner) uint(bits int) uint64 {
	start := s.pos
	var v uint64
	for shift := 0; shift < bits; shift += 7 {
		b := s.byte()
		if s.err != nil {
			return 0
		}
		low := uint64(b & 0x7f)
		if left := bits - shift; left < 7 && low>>left != 0 {
			s.fail(start, "number of more than %d bits", bits)
			return 0
		}
		v |= low << shift
		if b < 0x80 {
			return v
		}
	}
	s.fail(start, "number of more than %d bits", bits)
	return 0
}

func (s *scanner) u32() uint32 { return uint32(s.uint(32)) }

func (s *scanner) name() string {
	start := s.pos
	b := s.bytes(uint64(s.u32()))
	if s.err == nil && !utf8.Valid(b) {
		s.fail(start, "name is not UTF-8")
		return ""
	}
	return string(b)
}

// count reads the number of entries that follow, each of at least entrySize bytes, and refuses more than
// limit or more than the section has room for. So a caller may allocate that many.
func (s *scanner) count(what string, entrySize, limit int) int {
	start := s.pos
	n := s.u32()
	if s.err != nil {
		return 0
	}
	if uint64(n) > uint64(limit) {
		s.fail(start, "%d %s, more than the limit of %d", n, what, limit)
		return 0
	}
	if uint64(n)*uint64(entrySize) > uint64(s.rest()) {
		s.fail(start, "truncated: %d %s announced in %d bytes", n, what, s.rest())
		return 0
	}
	return int(n)
}
