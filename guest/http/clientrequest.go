package http

import (
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/flow"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
	"github.com/portholehttp/porthole/guest/net"
)

// ClientRequest is http.ClientRequest: a request in progress. Its head can be changed until the first part of the body is sent, or
// the end, or at once if there is an Expect field.
//
// Its events, of which one without a listener is lost:
//
//	'socket'  'continue', 'information' …  'response'            the response's 'data' …, 'end'; 'close' unless it is kept
//	'socket'  'continue', 'information' …  'upgrade', 'connect'  'close'
//	                                       'error'               'close'       before the response
//	                                       'close'               'error'       the same after Abort
//	'socket' …                             'response'            'close'       and the response's 'aborted', 'close'
//
// Which framing the body gets is the engine's choice: the Content-Length that was set; the length of the body that is given to
// End, if that is all of it; chunked otherwise.
type ClientRequest struct {
	outgoing

	partner
	aborted     bool // by Abort
	failed      bool // 'error' has told why it ends
	timed       bool // its socket has its timeout
	setsTimeout bool // SetTimeout was called
	reused      bool // its socket has served another request before
	finishDue   bool // 'finish' waits for 'socket'
	gone        bool // 'close' was emitted

	agent          *Agent
	method, path   string
	target         target
	socket         *net.Socket
	socketHandle   uint64
	timeout        time.Duration
	client         *Client
	onResponse     []func(*ClientResponse)
	clientMore     *clientMore
	previous, next *ClientRequest // in underWay
	res            ClientResponse

	// Room for what most requests have.
	moreRoom     outgoingMore
	bodyRoom     flow.More
	responseRoom [1]func(*ClientResponse)
}

// clientMore is what not every request needs.
type clientMore struct {
	onSocket      []func(*net.Socket)
	onConnect     []func(*ClientResponse, *net.Socket, []byte)
	onUpgrade     []func(*ClientResponse, *net.Socket, []byte)
	onContinue    []func()
	onInformation []func(Information)
	onTimeout     []func()
	onceTimeout   []func()

	settings [settingCount]func(*net.Socket) // what to do to a socket when it is connected
	any      bool                            // there is one
	awaited  *net.Socket                     // whose 'connect' has a listener for them

	informationRoom [1]func(Information)
	timeoutRoom     [1]func()
}

// noClientMore is the clientMore of those that have none. It is only read.
var noClientMore clientMore

func newClientRequest(o *RequestOptions, callback []func(*ClientResponse)) *ClientRequest {
	r := new(ClientRequest)
	r.init(callback)
	if err := r.open(o); err != nil {
		r.failLater(err)
		return r
	}
	if o.Timeout > 0 {
		r.SetTimeout(o.Timeout)
	}
	if r.headers.Has("expect") {
		r.FlushHeaders()
	}
	return r
}

func (r *ClientRequest) init(callback []func(*ClientResponse)) {
	r.sender = r
	r.clientMore = &noClientMore
	r.onResponse = append(r.responseRoom[:0], callback...)
	r.res.body.Room = &r.bodyRoom
}

// open makes the head, and asks the engine for an exchange.
func (r *ClientRequest) open(o *RequestOptions) (err error) {
	r.agent = o.agent()
	known := r.agent.known
	if known != nil && known.is(o, r.agent) {
		r.target = known.target
	} else {
		known = nil
		if r.target, err = o.target(); err != nil {
			return err
		}
	}
	if err = r.begin(o); err != nil {
		return err
	}
	var destination []byte
	if known != nil {
		destination = known.record
	} else if destination, err = o.destination(&r.target, r.agent); err != nil {
		return err
	} else {
		r.agent.remember(o, &r.target, destination)
	}
	handle, status := port.RequestOpen(destination)
	if status != abi.StatusOK {
		return openError(status)
	}
	r.handle = handle
	underWay.add(r)
	port.Bind(handle, (*clientExchange)(r))
	return nil
}

// begin makes the request line and the header fields.
func (r *ClientRequest) begin(o *RequestOptions) error {
	r.method, r.path = "GET", "/"
	if o.Method != "" {
		r.method = text.Upper(o.Method)
	}
	if o.Path != "" {
		r.path = o.Path
	}
	if !isToken(r.method) {
		return port.NewError(codeToken, "method must be a valid HTTP token: "+quote(r.method))
	}
	if !isTarget(r.path) {
		return port.NewError(codeUnescaped, "the path has bytes that must be escaped: "+quote(r.path))
	}
	r.headers = append(roomForFields(len(o.Headers)+2), o.Headers...)
	if !r.headers.Has("host") {
		r.headers.Add("Host", o.hostHeader(r.method, r.path, &r.target))
	}
	if o.Auth != "" && !r.headers.Has("authorization") {
		r.headers.Add("Authorization", basic(o.Auth))
	}
	return checkHeaders(r.headers)
}

// ownClient returns the clientMore of r to write to.
func (r *ClientRequest) ownClient() *clientMore {
	if r.clientMore == &noClientMore {
		r.clientMore = new(clientMore)
	}
	return r.clientMore
}

// OnResponse adds a listener for the final response: once at most, before any part of its body. Without a listener the body is
// discarded.
func (r *ClientRequest) OnResponse(listener func(res *ClientResponse)) {
	r.onResponse = append(r.onResponse, listener)
}

// OnSocket adds a listener for the time when the request has got a socket, which may be connecting yet. HTTP is spoken on it: it
// can be asked and set, but neither read nor written.
func (r *ClientRequest) OnSocket(listener func(socket *net.Socket)) {
	m := r.ownClient()
	m.onSocket = append(m.onSocket, listener)
}

// OnConnect adds a listener for the success of a request with the method CONNECT. The socket is the listener's from then on, and
// head the first bytes that came on it, valid until the listener returns. Without a listener the connection is closed.
func (r *ClientRequest) OnConnect(listener func(res *ClientResponse, socket *net.Socket, head []byte)) {
	m := r.ownClient()
	m.onConnect = append(m.onConnect, listener)
}

// OnUpgrade adds a listener for the server's consent to an Upgrade that the request asked for: status 101. The rest is as for
// OnConnect.
func (r *ClientRequest) OnUpgrade(listener func(res *ClientResponse, socket *net.Socket, head []byte)) {
	m := r.ownClient()
	m.onUpgrade = append(m.onUpgrade, listener)
}

// OnContinue adds a listener for status 100: the server wants the body. A request with Expect: 100-continue should
// also have a timeout, for there are servers that never say so (RFC 9110 §10.1.1).
func (r *ClientRequest) OnContinue(listener func()) {
	m := r.ownClient()
	m.onContinue = append(m.onContinue, listener)
}

// OnInformation adds a listener for other interim responses, 102 to 199.
func (r *ClientRequest) OnInformation(listener func(Information)) {
	m := r.ownClient()
	if m.onInformation == nil {
		m.onInformation = m.informationRoom[:0]
	}
	m.onInformation = append(m.onInformation, listener)
}

// OnTimeout adds a listener for the time of SetTimeout.
func (r *ClientRequest) OnTimeout(listener func()) {
	m := r.ownClient()
	if m.onTimeout == nil {
		m.onTimeout = m.timeoutRoom[:0]
	}
	m.onTimeout = append(m.onTimeout, listener)
}

// OnClose adds a listener for the end of the connection: before the exchange was complete; after the response, if one of
// the two sides has said that it closes the connection then; or by its being handed over to 'upgrade' or 'connect'. If the connection
// could be used for another request there is no 'close'.
func (r *ClientRequest) OnClose(listener func()) { r.own().addClose(port.TaskFunc(listener)) }

// OnError adds a listener for what goes wrong before the response: with the options; with finding, reaching or understanding the
// server; and with methods that return no error, such as a write after the end. It is called after the call that went wrong,
// so that it may be added after that. The connection fails once at most: ECONNREFUSED, ECONNRESET, ENOTFOUND, HPE_….
//
// An error that nobody listens to is a panic in a native program, as Node throws it, and in a plugin a line on stderr.
func (r *ClientRequest) OnError(listener func(error)) {
	r.own().addError(listener)
}

// Method is the method, in upper case.
func (r *ClientRequest) Method() string { return r.method }

// Path is the request target.
func (r *ClientRequest) Path() string { return r.path }

// Socket is what the request goes out on, nil before 'socket'.
func (r *ClientRequest) Socket() *net.Socket { return r.socket }

// ReusedSocket reports whether the socket has served another request before. The server may close it while this one is on its way:
// that is not sent again by itself, unless its method is idempotent (RFC 9110 §9.2.2).
func (r *ClientRequest) ReusedSocket() bool { return r.reused }

// Aborted reports whether Abort has ended the request.
func (r *ClientRequest) Aborted() bool { return r.aborted }

// Abort is request.abort: it breaks the connection, at once or instead of getting one. Nothing more comes of the exchange but 'close'
// and then, before a response, 'error' with the code ECONNRESET, else the response's 'aborted' and 'close'. After a
// complete exchange it has no effect.
func (r *ClientRequest) Abort() {
	switch {
	case r.aborted:
		return
	case !r.over:
		port.Abort(r.handle)
	case r.res.req != nil && !r.res.body.Ended(): // all has come, but not been delivered
		port.NextTick(port.TaskFunc(r.closed))
		port.Wake()
	default:
		return
	}
	r.aborted = true
	r.res.body.Close()
}

// message's methods.

// completeHead makes the head final. Each field has been valid from the beginning.
func (r *ClientRequest) completeHead() error {
	if i := r.headers.index("host", 0); i >= 0 && r.headers.index("host", i+1) >= 0 {
		return port.NewError(codeArgument, "a request has one Host")
	}
	if r.headers.Has("trailer") && r.headers.Has("content-length") {
		return port.NewError(codeTrailer, "a request with Content-Length has no trailers")
	}
	r.headWritten, r.announces = true, r.headers.Has("trailer")
	return nil
}

func (r *ClientRequest) encodeHead() []byte {
	return encodeRequestHead(r.method, r.path, r.headers)
}

func (r *ClientRequest) noBody() bool { return false }

func (r *ClientRequest) hasChunks() bool { return true }

// sentAll ends the exchange if the response is complete too: no event will.
func (r *ClientRequest) sentAll(status abi.Status) {
	if status == abi.StatusOK && r.res.body.Complete {
		port.Unbind(r.handle)
		r.finish()
	}
}

// warn tells that the body is not as long as was declared. If it is too short the engine breaks off, which is no second error.
func (r *ClientRequest) warn(err error) {
	r.failed = true
	r.tellLater(err)
}

// fail breaks the request off, unless it is complete: the server would get something else than was meant.
func (r *ClientRequest) fail(err error) {
	r.tellLater(err)
	if !r.ended {
		r.failed = true
		r.Abort()
	}
}

// tellLater emits 'error' on the next tick, so that a listener added after the call that failed is told.
func (r *ClientRequest) tellLater(err error) {
	port.NextTick(port.TaskFunc(func() { r.tell(err) }))
	port.Wake()
}

// failLater ends a request that could not be opened.
func (r *ClientRequest) failLater(err error) {
	r.over, r.failed = true, true
	port.NextTick(port.TaskFunc(func() {
		r.tell(err)
		r.closed()
	}))
	port.Wake()
}

// tell calls the listeners to 'error', here and of the Client.
func (r *ClientRequest) tell(err error) {
	heard := r.emitError(err)
	if c := r.client; c != nil {
		for _, listener := range c.onError {
			listener(err)
		}
		heard = heard || len(c.onError) > 0
	}
	if !heard {
		port.Uncaught(err)
	}
}
