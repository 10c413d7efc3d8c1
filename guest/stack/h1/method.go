package h1

// Method is a request method. The set is closed and case-sensitive: it is the one of Node's parser.
type Method uint8

// The methods, in alphabetical order: parsing relies on it. 0 is no method.
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
