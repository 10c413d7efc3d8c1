package netloop

import (
	"net"
	"strings"
	"unicode"
)

// Info says what is known of a connection, as lines "key=value" (abi/README.md, socket_info). Values hold no control
// characters, so that no peer can add a line. A connection that is in its TLS handshake is waited for: on the loop's
// goroutine, use Loop.Info.
func Info(c net.Conn) string {
	b := addresses(c)
	b.tls(c)
	return b.String()
}

// Info is the package's Info of the connection of h, without what TLS says until that is known: from the start for a connection
// that says HandshakeOver, else when its handshake is over and the loop has seen some of what followed. "" if h is stale or not connected yet.
func (l *Loop) Info(h Handle) string {
	s := l.handles.socket(h)
	if s == nil || s.conn == nil {
		return ""
	}
	if s.talked {
		return Info(s.conn)
	}
	b := addresses(s.conn)
	return b.String()
}

func addresses(c net.Conn) *info {
	b := &info{}
	b.line("remote", addressText(c.RemoteAddr()))
	b.line("local", addressText(c.LocalAddr()))
	return b
}

// addressText is "1.2.3.4:80", "[::1]:80" or "unix:/path"; of an unnamed socket "unix:".
func addressText(a net.Addr) string {
	u, ok := a.(*net.UnixAddr)
	switch {
	case a == nil || ok && u == nil:
		return ""
	case ok && u.Name == "@": // what package net calls one without a name
		return "unix:"
	case ok:
		return "unix:" + u.Name
	}
	return a.String()
}

// info is a text of lines.
type info struct{ strings.Builder }

// line adds a line, unless the value is empty.
func (b *info) line(key, value string) {
	if value == "" {
		return
	}
	b.WriteString(key)
	b.WriteByte('=')
	b.WriteString(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, value))
	b.WriteByte('\n')
}
