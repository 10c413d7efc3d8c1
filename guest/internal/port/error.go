package port

// Error is a failure that Node gives a code, such as "ERR_HTTP_HEADERS_SENT" or "EADDRINUSE".
type Error struct {
	Code    string
	Message string
}

// NewError returns an Error.
func NewError(code, message string) *Error { return &Error{code, message} }

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is reports whether target is an *Error of the same code, so that
// errors.Is(err, &http.Error{Code: "EACCES"}) asks for a code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// ParseError reads the text of abi.EventError: a code in capitals, a space, and what happened.
func ParseError(text string) *Error {
	for i := range len(text) {
		if text[i] == ' ' {
			return &Error{text[:i], text[i+1:]}
		}
	}
	return &Error{text, text}
}
