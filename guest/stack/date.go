package stack

import "time"

// dateCache holds the value of the Date field (RFC 9110 §6.6.1), made once per second.
type dateCache struct {
	value [29]byte
	until int64 // on the clock of now
}

// date returns the current IMF-fixdate, as in "Mon, 23 Nov 2026 21:00:00 GMT".
func (e *Engine) dateValue() []byte {
	d := &e.date
	if e.now >= d.until {
		wall := e.sockets.WallClock()
		time.Unix(0, wall).UTC().AppendFormat(d.value[:0], "Mon, 02 Jan 2006 15:04:05 GMT")
		d.until = e.now + int64(time.Second) - wall%int64(time.Second)
	}
	return d.value[:]
}
