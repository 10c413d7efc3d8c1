package route

import "bytes"

var (
	root       = []byte("/")
	schemeMark = []byte("://")
)

// split takes host and path out of a request target, and takes host where the target has none. The path has no query, and is
// not empty. The host may have a port.
func split(host, target []byte) (_, path []byte) {
	path = target
	switch {
	case len(target) > 0 && target[0] == '/': // origin-form
	case len(target) == 0 || len(target) == 1 && target[0] == '*': // asterisk-form; none is empty
		return host, root
	default:
		authority := target // authority-form
		path = nil
		if i := bytes.Index(target, schemeMark); i > 0 { // absolute-form
			authority = target[i+len(schemeMark):]
			if end := bytes.IndexAny(authority, "/?#"); end >= 0 {
				authority, path = authority[:end], authority[end:]
			}
		}
		host = authority[bytes.LastIndexByte(authority, '@')+1:] // RFC 9110 §4.2.4: what precedes is no part of it
	}
	if query := bytes.IndexByte(path, '?'); query >= 0 {
		path = path[:query]
	}
	if len(path) == 0 || path[0] != '/' { // RFC 9110 §4.2.3: an empty path is the same as "/"
		path = root
	}
	return host, path
}
