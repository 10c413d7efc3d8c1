package events

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// errScript is a mistake in a script: a thing that cannot do what it is told to.
var errScript = errors.New("no such thing")

// act does what a verb says to a thing.
func (r *Run) act(t *thing, verb string, args []argument) error {
	switch verb {
	case "request":
		r.request(args)
	case "agent":
		r.things[args[0].text] = &thing{name: args[0].text, agent: newAgent(args[1:])}
	case "client":
		r.legacy(args[0].text)
	case "dial":
		r.dial(args[0].text)
	case "print":
		r.log(strings.Join(values(args), " "))
	default:
		switch {
		case t.server != nil && verb == "close":
			t.server.Close()
		case t.agent != nil && verb == "count":
			r.log(t.name + " sockets=" + total(t.agent.Sockets()) + " requests=" + total(t.agent.Requests()))
		case t.res != nil && isHead(verb):
			return r.head(t, verb, args)
		case t.request != nil && isRequest(verb):
			r.control(t, verb, args)
		case isFields(verb):
			return r.fields(t, verb, args)
		default:
			return r.stream(t, verb, args)
		}
	}
	return nil
}

func newAgent(args []argument) *http.Agent {
	agent := http.NewAgent()
	for _, a := range args {
		switch a.name {
		case "maxSockets":
			agent.MaxSockets = number(a.text)
		case "keepAlive":
			agent.KeepAlive = true
		}
	}
	return agent
}

// legacy makes a client of one server, as one did before there were agents.
func (r *Run) legacy(name string) {
	client := http.CreateClient(number(r.peer), "127.0.0.1") //nolint:staticcheck // deprecated in the document too
	r.things[name] = &thing{name: name, begin: client.Request}
	if r.wants(name, "error") {
		client.OnError(func(err error) { r.happened(name, "error", errorCode(err)) })
	}
}

// dial connects a socket to the peer.
func (r *Run) dial(name string) {
	socket := net.Connect(number(r.peer), "127.0.0.1")
	r.things[name] = &thing{name: name, out: socket, in: socket, socket: func() *net.Socket { return socket }}
	socket.OnConnect(func() { r.happened(name, "socket-connect", "") })
	r.watch(socket, name)
}

func total[T any](lists map[string][]T) string {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	return strconv.Itoa(n)
}

// headers are the arguments with names.
func headers(args []argument) (list http.Headers) {
	for _, a := range args {
		if a.name != "" {
			list.Add(a.name, a.text)
		}
	}
	return list
}

func isHead(verb string) bool {
	switch verb {
	case "writeHead", "status", "noDate", "writeContinue":
		return true
	}
	return false
}

// head does what a response alone can.
func (r *Run) head(t *thing, verb string, args []argument) error {
	switch verb {
	case "writeHead":
		list := append(values(args), "")
		return t.res.WriteHeadReason(number(list[0]), list[1], headers(args)...)
	case "status":
		t.res.StatusCode = number(args[0].text)
	case "noDate":
		t.res.SendDate = false
	case "writeContinue":
		t.res.WriteContinue()
	}
	return nil
}

func isRequest(verb string) bool {
	return verb == "abort" || verb == "setTimeout" || verb == "agentRemove"
}

// control does what a client's request alone can.
func (r *Run) control(t *thing, verb string, args []argument) {
	switch verb {
	case "abort":
		t.request.Abort()
	case "setTimeout":
		t.request.SetTimeout(time.Duration(number(args[0].text)) * time.Millisecond)
	case "agentRemove":
		t.socket().AgentRemove()
	}
}

func isFields(verb string) bool {
	return verb == "setHeader" || verb == "getHeader" || verb == "removeHeader" || verb == "addTrailers"
}

// fields does what all messages can that are sent.
func (r *Run) fields(t *thing, verb string, args []argument) error {
	m, ok := t.out.(interface {
		SetHeader(name string, value ...string) error
		GetHeader(name string) string
		RemoveHeader(name string) error
		AddTrailers(headers ...http.Header) error
	})
	switch {
	case !ok:
		return errScript
	case verb == "getHeader":
		r.log(t.name + " getHeader " + quote(m.GetHeader(args[0].text)))
	case verb == "removeHeader":
		return m.RemoveHeader(args[0].text)
	case verb == "addTrailers":
		return m.AddTrailers(headers(args)...)
	default:
		list := headers(args)
		for i, h := range list {
			if first := list[:i]; first.Has(h.Name) {
				continue // it was set with the first of that name
			}
			if err := m.SetHeader(h.Name, list.Values(h.Name)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// stream does what is written or read.
func (r *Run) stream(t *thing, verb string, args []argument) error {
	switch verb {
	case "write", "write?", "end":
		if t.out == nil {
			return errScript
		}
		r.write(t, verb, args)
	case "destroy":
		if t.socket != nil {
			t.socket().Destroy()
		}
	default:
		if t.in == nil {
			return errScript
		}
		return r.read(t, verb, args)
	}
	return nil
}

func (r *Run) write(t *thing, verb string, args []argument) {
	switch {
	case verb == "end" && len(args) == 0:
		t.out.End()
	case verb == "end":
		t.out.End([]byte(args[0].text))
	default:
		sent := t.out.Write([]byte(args[0].text))
		if verb == "write?" {
			r.log(t.name + " write " + strconv.FormatBool(sent))
		}
	}
}

func (r *Run) read(t *thing, verb string, args []argument) error {
	switch verb {
	case "pause":
		t.in.Pause()
	case "resume":
		t.in.Resume()
	case "setEncoding":
		return t.in.SetEncoding(args[0].text)
	case "pipe":
		to := t
		if len(args) > 0 {
			to = r.things[args[0].text]
		}
		return pipe(t.in, to.out)
	default:
		return errScript
	}
	return nil
}
