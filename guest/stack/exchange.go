package stack

// exchange is one request and its response: one that came in, or one that a handler sends.
type exchange struct {
	handle uint64 // 0 once it is over, and for replies of our own
	conn   *conn
	next   *exchange // of the queue it is in, in request order
	clean  bool      // it is over, and but for this and conn as a new one
	linked bool      // it is in a queue, or its connection is at work on it
	pipes  *piping   // where bytes of it go, or come from, without the handler; nil: nowhere
	sends  *sending  // what a handler's request has besides; nil for one that came in

	// The request.
	received bool   // its last byte has been, or is being, delivered
	tail     uint64 // Engine.entry in which an event after the first told so
	paused   bool   // the handler wants no data for now
	head     bool   // the method is HEAD
	http10   bool
	expects  bool // waits for 100 Continue, which was not sent

	// The response.
	headSent  bool
	ended     bool  // the handler, or a reply of our own, is through with it
	finished  bool  // and it has reached the kernel
	quiet     bool  // nobody needs to be told when it does
	last      bool  // the connection closes after it
	noBody    bool  // to HEAD; 204, 205, 304
	chunked   bool  // RFC 9112 §7.1
	wantDrain bool  // an operation was answered with StatusQueued
	remaining int64 // of the declared Content-Length; -1: none declared
	out       queue // until it is the connection's turn
	mark      int64 // conn.written at its end
}
