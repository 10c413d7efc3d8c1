package sandbox

import "bytes"

// MaxLine is the most bytes of a line that Lines keeps; longer ones are passed on in pieces.
const MaxLine = 4096

// Lines is an io.Writer that passes on what it gets line by line, without the line's end, as far as its quota goes.
type Lines struct {
	Line  func(line string)
	Quota *Quota // may be shared, by the outputs of a guest or by its instances; nil: one of its own, with the defaults
	rest  []byte // of a line whose end has not come
}

// Write never fails.
func (l *Lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		size := end
		if end < 0 {
			size = len(p)
		}
		if room := MaxLine - len(l.rest); size > room {
			l.rest = append(l.rest, p[:room]...)
			p = p[room:]
			l.Flush()
			continue
		}
		l.rest = append(l.rest, p[:size]...)
		p = p[size:]
		if end >= 0 {
			p = p[1:]
			l.pass()
		}
	}
	return n, nil
}

// Flush passes on a line whose end has not come.
func (l *Lines) Flush() {
	if len(l.rest) > 0 {
		l.pass()
	}
}

func (l *Lines) pass() {
	if l.Quota == nil {
		l.Quota = &Quota{}
	}
	ok, notice := l.Quota.take(len(l.rest))
	if notice != "" {
		l.Line(notice)
	}
	if ok {
		l.Line(string(bytes.TrimSuffix(l.rest, []byte{'\r'})))
	}
	l.rest = l.rest[:0]
}
