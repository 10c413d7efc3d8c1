package main

import (
	"errors"

	"github.com/portholehttp/porthole/guest/http"
)

// exchange is a request of a client and the one to the server that it has become.
type exchange struct {
	res      *http.ServerResponse
	upstream *http.ClientRequest
	failed   bool // the proxy has answered itself
}

// forward passes a request on and its response back.
func (p *proxy) forward(req *http.ServerRequest, res *http.ServerResponse) *exchange {
	x := &exchange{res: res, upstream: p.request(req, requestFields(req), p.agent)}

	req.OnEnd(func() { _ = x.upstream.AddTrailers(req.Trailers()...) }) // they may be dropped: RFC 9110 §6.5.1
	req.Pipe(x.upstream)
	res.OnClose(x.upstream.Abort)

	x.upstream.OnInformation(x.inform)
	x.upstream.OnResponse(x.respond)
	x.upstream.OnTimeout(func() { x.fail(504, "the server is silent") })
	x.upstream.OnError(func(err error) { x.fail(statusFor(err), err.Error()) })
	return x
}

// forwardExpecting is forward for a client that sends the body only if it is told to: by the server.
func (p *proxy) forwardExpecting(req *http.ServerRequest, res *http.ServerResponse) {
	p.forward(req, res).upstream.OnContinue(res.WriteContinue)
}

// inform passes an interim response back: RFC 9110 §15.2.
func (x *exchange) inform(info http.Information) {
	switch info.StatusCode {
	case 102:
		x.res.WriteProcessing()
	case 103:
		_ = x.res.WriteEarlyHints(endToEnd(info.Headers)...) // hints without a link are none
	}
}

// respond passes the response back.
func (x *exchange) respond(answer *http.ClientResponse) {
	err := x.res.WriteHeadReason(answer.StatusCode(), answer.StatusMessage(), responseFields(answer)...)
	if err != nil {
		x.fail(502, err.Error())
		return
	}
	answer.OnEnd(func() { _ = x.res.AddTrailers(answer.Trailers()...) }) // as in forward
	answer.OnClose(func(error) { x.res.Destroy() })
	answer.Pipe(x.res)
}

// fail answers for the server, or breaks an answer that has begun.
func (x *exchange) fail(status int, reason string) {
	if x.failed {
		return // this is the error that Abort has raised
	}
	x.failed = true
	if x.res.HeadersSent() {
		x.res.Destroy()
	} else {
		x.res.WriteHead(status, http.Header{Name: "Content-Type", Value: "text/plain"})
		x.res.EndString(reason + "\n")
	}
	x.upstream.Abort()
}

// statusFor is the status of an answer for a server that could not be asked.
func statusFor(err error) int {
	if e := new(http.Error); errors.As(err, &e) && e.Code == "ETIMEDOUT" {
		return 504
	}
	return 502
}
