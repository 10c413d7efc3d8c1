package handler

import (
	"errors"
	"strconv"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// outcome is what came of a request. Its answer has "events", the names of those that came, and "error", the code of the last;
// of the response "status", "version", "headers", "trailers" and "body"; after an upgrade or CONNECT "body" is what came on the socket.
type outcome struct {
	res    *http.ServerResponse
	events []string
	answer *http.ClientResponse
	body   []byte
	code   string
	told   bool
}

// watch sends the body of a request and notes what happens.
func (x *outcome) watch(request *http.ClientRequest, body []byte, q query) {
	request.OnSocket(func(*net.Socket) { x.note("socket") })
	request.OnInformation(func(i http.Information) { x.note("information " + strconv.Itoa(i.StatusCode)) })
	request.OnResponse(x.respond)
	request.OnUpgrade(func(answer *http.ClientResponse, socket *net.Socket, head []byte) {
		x.switched("upgrade", answer, socket, head, body)
	})
	request.OnConnect(func(answer *http.ClientResponse, socket *net.Socket, head []byte) {
		x.switched("connect", answer, socket, head, body)
	})
	request.OnTimeout(func() {
		x.note("timeout")
		request.Abort()
	})
	request.OnError(func(err error) {
		x.note("error")
		x.code = code(err)
		x.tell()
	})
	send := func() {
		if q.get("trailers") != "" {
			_ = request.AddTrailers(http.Header{Name: "X-Sum", Value: "7"}) // a test sees what is missing
			request.Write(body)
			request.End()
			return
		}
		request.End(body)
	}
	switch {
	case q.get("expect") != "":
		request.OnContinue(func() {
			x.note("continue")
			send()
		})
	case q.get("upgrade") != "" || request.Method() == "CONNECT":
		request.End()
	default:
		send()
	}
}

func (x *outcome) note(event string) { x.events = append(x.events, event) }

func (x *outcome) respond(answer *http.ClientResponse) {
	x.note("response")
	x.answer = answer
	answer.OnData(func(chunk []byte) { x.body = append(x.body, chunk...) })
	answer.OnEnd(func() {
		x.note("end")
		x.tell()
	})
	answer.OnClose(func(err error) {
		x.note("response closed")
		x.code = code(err)
		x.tell()
	})
}

// switched sends body on the socket and notes what comes back.
func (x *outcome) switched(event string, answer *http.ClientResponse, socket *net.Socket, head, body []byte) {
	x.note(event)
	x.answer = answer
	x.body = append(x.body, head...)
	socket.OnData(func(chunk []byte) { x.body = append(x.body, chunk...) })
	socket.OnError(func(err error) { x.code = code(err) })
	socket.OnClose(func(bool) { x.tell() })
	socket.End(body)
}

// tell answers, once.
func (x *outcome) tell() {
	if x.told {
		return
	}
	x.told = true
	out := []byte(`{"events":[`)
	for i, event := range x.events {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendText(out, event)
	}
	out = appendText(append(out, `],"error":`...), x.code)
	if a := x.answer; a != nil {
		out = strconv.AppendInt(append(out, `,"status":`...), int64(a.StatusCode()), 10)
		out = appendText(append(out, `,"version":`...), a.HTTPVersion())
		out = appendFields(append(out, `,"headers":`...), a.Headers())
		out = appendFields(append(out, `,"trailers":`...), a.Trailers())
	}
	out = appendText(append(out, `,"body":`...), string(x.body))
	fault(x.res, x.res.SetHeader("Content-Type", "application/json"))
	x.res.End(append(out, "}\n"...))
}

// code is the code of an error, its text if it has none.
func code(err error) string {
	if e := new(http.Error); errors.As(err, &e) {
		return e.Code
	}
	return err.Error()
}
