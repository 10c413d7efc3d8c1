package h1

// list goes through the elements of a comma-separated value (RFC 9110 §5.6.1). Commas within quoted strings separate too:
// no list that the codec looks into has an element it understands with such a string.
type list struct {
	v       []byte
	after   uint // where the next element begins; beyond len(v) there is none
	element []byte
	offset  uint // of element in v
}

// next goes to the next element, without the white space around it; it may be empty. The value "" has one empty element.
func (l *list) next() bool {
	i, n := l.after, uint(len(l.v))
	if i > n {
		return false
	}
	for i < n && isBlank(l.v[i]) {
		i++
	}
	end := i
	for end < n && l.v[end] != ',' {
		end++
	}
	l.after = end + 1
	for end > i && isBlank(l.v[end-1]) {
		end--
	}
	l.element, l.offset = l.v[i:end], i
	return true
}
