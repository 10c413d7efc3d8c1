package relay

import (
	nethttp "net/http"
	"net/textproto"
)

// exchange is one request and its answer.
type exchange struct {
	*link
	w       nethttp.ResponseWriter
	control *nethttp.ResponseController
	request *nethttp.Request
	target  string
	stop    func() bool // ends the watch for the client's leaving

	proceed chan struct{} // closed when the body may be sent
	sent    chan struct{} // closed when the body was sent, or could not be
	sendErr error         // then: why not
}

// serve returns whether the link can serve another request.
func (x *exchange) serve() bool {
	// A handler may answer before it has read the body. HTTP/2 always can, and others may not know what this is.
	_ = x.control.EnableFullDuplex()
	if !x.sendHead() {
		nethttp.Error(x.w, nethttp.StatusText(nethttp.StatusBadRequest), nethttp.StatusBadRequest)
		return false
	}
	x.proceed, x.sent = make(chan struct{}), make(chan struct{})
	waits := textproto.TrimString(x.request.Header.Get("Expect")) != ""
	if !waits {
		close(x.proceed)
	}
	abandoned := make(chan struct{})
	defer close(abandoned)
	if x.hasBody() {
		go func() {
			defer close(x.sent)
			select {
			case <-x.proceed:
				x.sendErr = x.sendBody()
			case <-abandoned:
			}
		}()
	} else {
		close(x.sent)
	}
	response := x.receive(waits)
	if x.tunnels(response) {
		<-x.sent
		x.tunnel(response)
		return false
	}
	whole := x.answer(response)
	select {
	case <-x.sent:
		return whole && x.sendErr == nil
	default:
		return false // the client still sends what nobody wants
	}
}

// abort ends the exchange so that the client sees it break.
func (x *exchange) abort() { panic(nethttp.ErrAbortHandler) }
