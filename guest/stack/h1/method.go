package h1

// Method is a request method. The set is closed and case-sensitive: it is the one of Node's parser.
type Method uint8

// The methods, in alphabetical order: match relies on it. 0 is no method.
const (
	MethodCheckout Method = 1 + iota
	MethodConnect
	MethodCopy
	MethodDelete
	MethodGet
	MethodHead
	MethodLock
	MethodMSearch
	MethodMerge
	MethodMkActivity
	MethodMkCol
	MethodMove
	MethodNotify
	MethodOptions
	MethodPatch
	MethodPost
	methodPRI // none: HTTP/2 begins with it (RFC 9113 §3.4)
	MethodPropFind
	MethodPropPatch
	MethodPurge
	MethodPut
	MethodReport
	MethodSearch
	MethodSubscribe
	MethodTrace
	MethodUnlock
	MethodUnsubscribe
)

var methodNames = [...]string{
	MethodCheckout:    "CHECKOUT",
	MethodConnect:     "CONNECT",
	MethodCopy:        "COPY",
	MethodDelete:      "DELETE",
	MethodGet:         "GET",
	MethodHead:        "HEAD",
	MethodLock:        "LOCK",
	MethodMSearch:     "M-SEARCH",
	MethodMerge:       "MERGE",
	MethodMkActivity:  "MKACTIVITY",
	MethodMkCol:       "MKCOL",
	MethodMove:        "MOVE",
	MethodNotify:      "NOTIFY",
	MethodOptions:     "OPTIONS",
	MethodPatch:       "PATCH",
	MethodPost:        "POST",
	methodPRI:         "PRI",
	MethodPropFind:    "PROPFIND",
	MethodPropPatch:   "PROPPATCH",
	MethodPurge:       "PURGE",
	MethodPut:         "PUT",
	MethodReport:      "REPORT",
	MethodSearch:      "SEARCH",
	MethodSubscribe:   "SUBSCRIBE",
	MethodTrace:       "TRACE",
	MethodUnlock:      "UNLOCK",
	MethodUnsubscribe: "UNSUBSCRIBE",
}

// String returns the method as it is on the wire, and "" for a number that is none.
func (m Method) String() string {
	if int(m) >= len(methodNames) {
		return ""
	}
	return methodNames[m]
}

// MethodNamed returns the method that is name on the wire, 0 if none is.
func MethodNamed(name []byte) Method {
	m := MethodCheckout
	for k, c := range name {
		if m = m.match(uint(k), c); m == 0 {
			return 0
		}
	}
	if m == methodPRI || len(name) != len(methodNames[m]) {
		return 0
	}
	return m
}

// match narrows down a method of which k bytes are known: m is the first that begins with them. It returns the first that
// has c next, 0 if none does. No method is the beginning of another.
func (m Method) match(k uint, c byte) Method {
	known := methodNames[m][:k]
	for ; int(m) < len(methodNames); m++ {
		name := methodNames[m]
		if uint(len(name)) < k || name[:k] != known {
			return 0
		}
		if k < uint(len(name)) && name[k] == c {
			return m
		}
	}
	return 0
}
