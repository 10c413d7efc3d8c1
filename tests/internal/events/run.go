package events

import (
	"errors"
	"slices"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// Run is a script that runs. All of it belongs to the goroutine of http.Run.
type Run struct {
	lines  []line
	peer   string // the port, or the path of the Unix socket, that clients connect to and a server of a path listens at
	log    func(line string)
	server *http.Server
	things map[string]*thing // by name
}

// thing is what a script talks of. It has of these what it is: out is what is written to, in what is read.
type thing struct {
	name    string
	server  *http.Server
	agent   *http.Agent
	begin   beginner // of a client that createClient made
	request *http.ClientRequest
	res     *http.ServerResponse
	out     output
	in      input
	socket  func() *net.Socket
}

// beginner begins a request.
type beginner func(method, path string, headers http.Headers) *http.ClientRequest

// output is a ServerResponse, a ClientRequest or a Socket.
type output interface {
	Write(chunk []byte) bool
	End(data ...[]byte)
	OnDrain(listener func())
}

// input is a ServerRequest, a ClientResponse or a Socket.
type input interface {
	OnData(listener func(chunk []byte))
	OnEnd(listener func())
	Pause()
	Resume()
	SetEncoding(encoding string) error
}

// Start runs a script, and calls log with each line of what happens. The first is "listening PORT": 0 if the script has no server.
func Start(script, peer string, log func(line string)) *Run {
	r := &Run{lines: parse(script), peer: peer, log: log, things: map[string]*thing{}}
	if r.wants("", "start") {
		r.log("listening 0")
		r.Do("start")
	} else {
		r.serve()
	}
	return r
}

// Do does what the script has under a label.
func (r *Run) Do(label string) { r.do("", label) }

// Stop closes the server. Nothing is logged any more.
func (r *Run) Stop() {
	r.log = func(string) {}
	r.lines = nil
	if r.server != nil && r.server.Address() != nil {
		r.server.Close()
	}
}

// wants says that the script has a line for an event.
func (r *Run) wants(subject, event string) bool {
	return slices.ContainsFunc(r.lines, func(l line) bool { return l.subject == subject && l.event == event })
}

// wantsAny is wants for any subject.
func (r *Run) wantsAny(event string) bool {
	return slices.ContainsFunc(r.lines, func(l line) bool { return l.event == event })
}

// without says that the script does not want a listener that is there otherwise.
func (r *Run) without(subject, event string) bool {
	return slices.ContainsFunc(r.lines, func(l line) bool {
		return l.subject == subject && l.event == "without" &&
			slices.ContainsFunc(l.actions, func(a action) bool { return a.verb == event })
	})
}

// happened logs an event, and does what the script wants done then.
func (r *Run) happened(subject, event, details string) {
	r.log(strings.TrimPrefix(subject+" ", " ") + event + details)
	r.do(subject, event)
}

func (r *Run) do(subject, event string) {
	for _, l := range r.lines {
		if l.subject != subject || l.event != event {
			continue
		}
		for _, a := range l.actions {
			t := r.things[a.subject]
			if t == nil {
				t = &thing{name: a.subject}
			}
			if err := r.act(t, a.verb, a.args); err != nil {
				r.log(strings.TrimPrefix(a.subject+" ", " ") + a.verb + " throws" + errorCode(err))
			}
		}
	}
}

// body logs what is read.
func (r *Run) body(in input, name string, trailers func() http.Headers) {
	if !r.without(name, "data") {
		in.OnData(func(chunk []byte) { r.happened(name, "data", " "+quote(string(chunk))) })
	}
	if !r.without(name, "end") {
		in.OnEnd(func() { r.happened(name, "end", showFields(trailers())) })
	}
}

// watch logs the events of a socket that belongs to the script.
func (r *Run) watch(socket *net.Socket, name string) {
	if !r.without(name, "socket-data") {
		socket.OnData(func(chunk []byte) { r.happened(name, "socket-data", " "+quote(string(chunk))) })
	}
	if !r.without(name, "socket-end") {
		socket.OnEnd(func() { r.happened(name, "socket-end", "") })
	}
	socket.OnError(func(err error) { r.happened(name, "socket-error", errorCode(err)) })
	if !r.without(name, "socket-close") {
		socket.OnClose(func(bool) { r.happened(name, "socket-close", "") })
	}
}

// showFields writes header fields as Node's object has them: each name once, where it came first, and its values merged.
func showFields(headers http.Headers) (text string) {
	seen := map[string]bool{}
	for _, h := range headers {
		if seen[h.Name] {
			continue
		}
		seen[h.Name] = true
		list := []string{headers.Get(h.Name)}
		if h.Name == "set-cookie" {
			list = headers.Values(h.Name)
		}
		for _, value := range list {
			text += " " + h.Name + "=" + quote(value)
		}
	}
	return text
}

func errorCode(err error) string {
	var e *http.Error
	if errors.As(err, &e) {
		return " " + e.Code
	}
	return ""
}
