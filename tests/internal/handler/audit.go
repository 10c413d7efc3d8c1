package handler

import (
	"slices"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// audit holds exchanges, of both sides, against the rules of their events: each ends exactly once, and then nothing comes.
type audit struct {
	begun, complete int
	open            map[string]*audited // by their names
	faults          []string            // what was against the rules
}

// audited is what has happened to an exchange.
type audited struct {
	audit  *audit
	name   string
	events []string
}

// report tells of the audit: "begun, open, complete", the numbers of exchanges; then a line for each fault, and for each that is open.
func (h *Handler) report(_ *http.ServerRequest, res *http.ServerResponse, _ query) {
	a := &h.audit
	lines := []string{strconv.Itoa(a.begun) + ", " + strconv.Itoa(len(a.open)) + ", " + strconv.Itoa(a.complete)}
	lines = append(lines, a.faults...)
	for _, x := range a.open {
		lines = append(lines, x.String()+" … and no end")
	}
	res.EndString(strings.Join(lines, "\n"))
}

// begin adds an exchange, whose name no other has.
func (a *audit) begin(name string) *audited {
	if a.open == nil {
		a.open = map[string]*audited{}
	}
	a.begun++
	x := &audited{audit: a, name: name}
	a.open[name] = x
	return x
}

// note adds an event. None of those that exclude it may have come.
func (x *audited) note(event string, exclude ...string) {
	x.events = append(x.events, event)
	for _, other := range exclude {
		if slices.Contains(x.events[:len(x.events)-1], other) {
			x.fault(event + " after " + other)
		}
	}
}

func (x *audited) fault(what string) { x.audit.faults = append(x.audit.faults, x.String()+": "+what) }

// end takes the exchange for ended, however often.
func (x *audited) end() { delete(x.audit.open, x.name) }

func (x *audited) has(event string) bool { return slices.Contains(x.events, event) }

func (x *audited) String() string { return x.name + " (" + strings.Join(x.events, ", ") + ")" }

// serve watches an exchange of the server.
func (a *audit) serve(req *http.ServerRequest, res *http.ServerResponse) {
	x := a.begin(strconv.Itoa(a.begun) + " " + req.Method() + " " + req.URL())
	note := func(event string, exclude ...string) {
		x.note(event, exclude...)
		if (x.has("end") || x.has("request closed")) && (x.has("finish") || x.has("response closed")) {
			x.end()
		}
	}
	req.OnData(func([]byte) {
		if x.has("end") || x.has("request closed") {
			x.fault("data is too late")
		}
	})
	req.OnEnd(func() { note("end", "end", "request closed") })
	req.OnClose(func() { note("request closed", "request closed") })
	res.OnFinish(func() { note("finish", "finish", "response closed") })
	res.OnClose(func() { note("response closed", "response closed") })
}
