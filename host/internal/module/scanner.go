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

// Scanner reads a binary from front to back. The first fault sticks: every later read returns a zero, so
// that a caller may read a whole entry before it looks at Err; Count bounds what a loop does past a fault.
type Scanner struct {
	Data    []byte // to the end of the section, or of the file between sections; offsets are those of the file
	Pos     int    // of the next byte
	Section string // where Pos is, for errors
	Err     error  // nil, a *FormatError or what was given to Stop
}

// Fail makes it a fault, unless there is one, that the bytes at offset are what format says.
func (s *Scanner) Fail(offset int, format string, args ...any) {
	if s.Err == nil {
		s.Stop(&FormatError{Offset: offset, Section: s.Section, Reason: fmt.Sprintf(format, args...)})
	}
}

// Stop makes err the fault, unless there is one.
func (s *Scanner) Stop(err error) {
	if s.Err == nil {
		s.Err = err
	}
	s.Pos = len(s.Data)
}

// Rest returns how many bytes are left.
func (s *Scanner) Rest() int { return len(s.Data) - s.Pos }

// Byte reads one byte.
func (s *Scanner) Byte() byte {
	if s.Rest() == 0 {
		s.Fail(s.Pos, "truncated")
		return 0
	}
	b := s.Data[s.Pos]
	s.Pos++
	return b
}

// Bytes reads n bytes. They are a part of Data.
func (s *Scanner) Bytes(n uint64) []byte {
	if n > uint64(s.Rest()) {
		s.Fail(s.Pos, "truncated: %d bytes announced, %d left", n, s.Rest())
		return nil
	}
	b := s.Data[s.Pos : s.Pos+int(n)]
	s.Pos += int(n)
	return b
}

// Uint reads an unsigned LEB128 number of at most bits bits.
func (s *Scanner) Uint(bits int) uint64 {
	start := s.Pos
	var v uint64
	for shift := 0; shift < bits; shift += 7 {
		b := s.Byte()
		if s.Err != nil {
			return 0
		}
		low := uint64(b & 0x7f)
		if left := bits - shift; left < 7 && low>>left != 0 {
			s.Fail(start, "number of more than %d bits", bits)
			return 0
		}
		v |= low << shift
		if b < 0x80 {
			return v
		}
	}
	s.Fail(start, "number of more than %d bits", bits)
	return 0
}

// Int reads a signed LEB128 number of at most bits bits.
func (s *Scanner) Int(bits int) int64 {
	start := s.Pos
	var v int64
	for shift := 0; shift < bits; shift += 7 {
		b := s.Byte()
		if s.Err != nil {
			return 0
		}
		v |= int64(b&0x7f) << shift
		if b >= 0x80 {
			continue
		}
		if left := bits - shift; left >= 7 {
			return v << (57 - shift) >> (57 - shift)
		}
		// The bits beyond the number's own repeat its sign.
		if high := int8(b<<1) >> (bits - shift); high != 0 && high != -1 {
			break
		}
		return v << (64 - bits) >> (64 - bits)
	}
	s.Fail(start, "number of more than %d bits", bits)
	return 0
}

// U32 reads an unsigned LEB128 number of at most 32 bits.
func (s *Scanner) U32() uint32 {
	if s.Pos < len(s.Data) && s.Data[s.Pos] < 0x80 { // nearly all: this much is inlined
		s.Pos++
		return uint32(s.Data[s.Pos-1])
	}
	return uint32(s.Uint(32))
}

// Name reads a string with its size.
func (s *Scanner) Name() string {
	start := s.Pos
	b := s.Bytes(uint64(s.U32()))
	if s.Err == nil && !utf8.Valid(b) {
		s.Fail(start, "name is not UTF-8")
		return ""
	}
	return string(b)
}

// Count reads the number of entries that follow, each of at least entrySize bytes, and refuses more than
// limit or more than the section has room for. So a caller may allocate that many.
func (s *Scanner) Count(what string, entrySize, limit int) int {
	start := s.Pos
	n := s.U32()
	if s.Err != nil {
		return 0
	}
	if uint64(n) > uint64(limit) {
		s.Fail(start, "%d %s, more than the limit of %d", n, what, limit)
		return 0
	}
	if uint64(n)*uint64(entrySize) > uint64(s.Rest()) {
		s.Fail(start, "truncated: %d %s announced in %d bytes", n, what, s.Rest())
		return 0
	}
	return int(n)
}
