package net

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/internal/port"
)

// RemoteAddress is the peer's address, such as "127.0.0.1" or "::1". It is "" before 'connect', if the connection is over when it
// is asked for the first time, and of a Unix socket.
func (s *Socket) RemoteAddress() string { host, _ := s.address("remote"); return host }

// RemotePort is the peer's port, 0 where RemoteAddress is "".
func (s *Socket) RemotePort() int { return s.number("remote") }

// LocalAddress is the address of our side.
func (s *Socket) LocalAddress() string { host, _ := s.address("local"); return host }

// LocalPort is the port of our side.
func (s *Socket) LocalPort() int { return s.number("local") }

func (s *Socket) number(key string) int {
	_, digits := s.address(key)
	number, _ := strconv.Atoi(digits)
	return number
}

func (s *Socket) address(key string) (host, digits string) {
	if s.info == "" {
		s.ask()
	}
	text := value(s.info, key)
	if strings.HasPrefix(text, port.UnixPrefix) {
		return "", ""
	}
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return "", ""
	}
	host, digits = text[:i], text[i+1:]
	if host != "" && host[0] == '[' {
		host = strings.Trim(host, "[]")
	}
	return host, digits
}

// ask gets what is known of the socket. While it connects that is nothing.
func (s *Socket) ask() {
	if s.handle != 0 {
		s.info = port.SocketInfo(s.handle)
	}
}

// value returns the value of a key in lines key=value, "" if there is none.
func value(lines, key string) string {
	for lines != "" {
		var line string
		line, lines, _ = strings.Cut(lines, "\n")
		if k, v, _ := strings.Cut(line, "="); k == key {
			return v
		}
	}
	return ""
}
