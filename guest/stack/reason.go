package stack

// reason returns the reason phrase that goes with a status (RFC 9110 §15 and IANA's registry);
// "unknown", as Node says, if there is none.
func reason(status int) string {
	if status >= 100 && status < 600 {
		if class := reasons[status/100-1]; status%100 < len(class) && class[status%100] != "" {
			return class[status%100]
		}
	}
	return "unknown"
}

var reasons = [5][]string{
	{"Continue", "Switching Protocols", "Processing", "Early Hints"},
	{"OK", "Created", "Accepted", "Non-Authoritative Information", "No Content", "Reset Content",
		"Partial Content", "Multi-Status", "Already Reported", 26: "IM Used"},
	{"Multiple Choices", "Moved Permanently", "Found", "See Other", "Not Modified", "Use Proxy",
		7: "Temporary Redirect", 8: "Permanent Redirect"},
	{"Bad Request", "Unauthorized", "Payment Required", "Forbidden", "Not Found", "Method Not Allowed",
		"Not Acceptable", "Proxy Authentication Required", "Request Timeout", "Conflict", "Gone",
		"Length Required", "Precondition Failed", "Payload Too Large", "URI Too Long",
		"Unsupported Media Type", "Range Not Satisfiable", "Expectation Failed", "I'm a Teapot",
		21: "Misdirected Request", 22: "Unprocessable Entity", 23: "Locked", 24: "Failed Dependency",
		25: "Too Early", 26: "Upgrade Required", 28: "Precondition Required", 29: "Too Many Requests",
		31: "Request Header Fields Too Large", 51: "Unavailable For Legal Reasons"},
	{"Internal Server Error", "Not Implemented", "Bad Gateway", "Service Unavailable", "Gateway Timeout",
		"HTTP Version Not Supported", "Variant Also Negotiates", "Insufficient Storage", "Loop Detected",
		9: "Bandwidth Limit Exceeded", 10: "Not Extended", 11: "Network Authentication Required"},
}
