package events

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// request makes a request, and logs what becomes of it: its name, method and path are followed by options and headers, whose
// names begin with a capital letter.
func (r *Run) request(args []argument) {
	name := args[0].text
	options := http.RequestOptions{Method: args[1].text, Path: args[2].text}
	if strings.HasPrefix(r.peer, "/") {
		options.SocketPath = r.peer
	} else {
		options.Host, options.Port = "127.0.0.1", number(r.peer)
	}
	var begin beginner
	for _, a := range args[3:] {
		switch a.name {
		case "agent":
			options.Agent = http.NoAgent
			if t := r.things[a.text]; t != nil {
				options.Agent = t.agent
			}
		case "port":
			options.Port = r.port(a.text)
		case "client":
			begin = r.things[a.text].begin
		case "auth":
			options.Auth = a.text
		default:
			options.Headers.Add(a.name, a.text)
		}
	}
	var q *http.ClientRequest
	if begin != nil {
		q = begin(options.Method, options.Path, options.Headers)
	} else {
		q = http.Request(options)
	}
	t := &thing{name: name, request: q, out: q, socket: q.Socket}
	r.things[name] = t
	if !r.without(name, "response") {
		q.OnResponse(func(res *http.ClientResponse) { r.response(t, res) })
	}
	hand := func(event string) func(*http.ClientResponse, *net.Socket, []byte) {
		return func(res *http.ClientResponse, socket *net.Socket, head []byte) {
			t.out, t.in, t.socket = socket, socket, func() *net.Socket { return socket }
			r.watch(socket, name)
			r.happened(name, event, responseLine(res)+" head "+quote(string(head)))
		}
	}
	if r.wants(name, "upgrade") {
		q.OnUpgrade(hand("upgrade"))
	}
	if r.wants(name, "connect") {
		q.OnConnect(hand("connect"))
	}
	if r.wants(name, "continue") {
		q.OnContinue(func() { r.happened(name, "continue", "") })
	}
	if r.wants(name, "information") {
		q.OnInformation(func(info http.Information) {
			r.happened(name, "information", " "+strconv.Itoa(info.StatusCode)+showFields(info.Headers))
		})
	}
	if r.wants(name, "socket") {
		q.OnSocket(func(*net.Socket) { r.happened(name, "socket", "") })
	}
	if r.wants(name, "timeout") {
		q.OnTimeout(func() { r.happened(name, "timeout", "") })
	}
	if r.wants(name, "drain") {
		q.OnDrain(func() { r.happened(name, "drain", "") })
	}
	q.OnError(func(err error) { r.happened(name, "error", errorCode(err)) })
	q.OnClose(func() { r.happened(name, "close", "") })
}

// port is that of the script's own server, or a number.
func (r *Run) port(text string) int {
	if text == "server" {
		text = port(r.server.Address().String())
	}
	return number(text)
}

// number reads what a script without mistakes has.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func (r *Run) response(t *thing, res *http.ClientResponse) {
	t.in = res
	r.body(res, t.name, res.Trailers)
	res.OnClose(func(err error) { r.happened(t.name, "response-close", errorCode(err)) })
	r.happened(t.name, "response", responseLine(res))
}
