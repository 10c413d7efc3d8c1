package stack

// dateCache holds the value of the Date field (RFC 9110 §6.6.1), made once per second.
type dateCache struct {
	value [29]byte
	until int64 // on the clock of now
}

const second = int64(1e9)

// dateValue returns the current time as an IMF-fixdate.
func (e *Engine) dateValue() []byte {
	d := &e.date
	if e.now >= d.until {
		wall := max(e.sockets.WallClock(), 0)
		formatDate(&d.value, wall/second)
		d.until = e.now + second - wall%second
	}
	return d.value[:]
}

// formatDate writes an IMF-fixdate, as in "Mon, 23 Nov 2026 21:00:00 GMT" (RFC 9110 §5.6.7), of Unix
// time in seconds, not before 1970. Package time does the same and adds 0.3 MB to stack.wasm.
func formatDate(b *[29]byte, unix int64) {
	const weekdays, months = "ThuFriSatSunMonTueWed", "MarAprMayJunJulAugSepOctNovDecJanFeb"
	days, s := unix/86400, unix%86400
	copy(b[:], "Www, 00 Mmm 0000 00:00:00 GMT")
	copy(b[:], weekdays[days%7*3:][:3])

	// Years begin in March here, so that a leap day is the last of its year; day 0 is 0000-03-01.
	const to1970, in400, in100, in4, in1 = 719468, 146097, 36524, 1461, 365
	d := days + to1970
	year := d / in400 * 400
	d %= in400
	n := min(d/in100, 3)
	year += n * 100
	d -= n * in100
	year += d / in4 * 4
	d %= in4
	n = min(d/in1, 3)
	year += n
	d -= n * in1
	month := (d*5 + 2) / 153 // five months from March, and from August, have 153 days
	d -= (month*153 + 2) / 5
	if month >= 10 {
		year++
	}
	copy(b[8:], months[month*3:][:3])
	digits(b[5:7], d+1)
	digits(b[12:16], year)
	digits(b[17:19], s/3600)
	digits(b[20:22], s/60%60)
	digits(b[23:25], s%60)
}

// digits writes n in decimal, right-aligned, into b, which holds zeroes.
func digits(b []byte, n int64) {
	for i := len(b) - 1; n > 0 && i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}
