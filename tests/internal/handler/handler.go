// Package handler is the program under test: one request handler with a route for each behavior that the suites
// look at. The same source runs natively and, as main of program, in a sandbox.
//
// Routes that wait for something, or tell of it, have a key in their query, so that tests can run side by side.
package handler

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// Handler answers requests. Its state belongs to the goroutine of http.Run.
type Handler struct {
	server *http.Server
	routes map[string]route
	held   map[string]*holding            // by /hold, until /release
	paused map[string]*http.ServerRequest // by /pause, until /resume
	agents agents
	audit  audit
	tallies
}

// Attach makes s answer the routes of this package.
func Attach(s *http.Server) *Handler {
	h := &Handler{
		server:  s,
		held:    map[string]*holding{},
		paused:  map[string]*http.ServerRequest{},
		agents:  agents{},
		tallies: tallies{},
	}
	h.routes = h.table()
	s.OnRequest(h.serve)
	return h
}

type route func(*http.ServerRequest, *http.ServerResponse, query)

func (h *Handler) table() map[string]route {
	return map[string]route{
		"/hello":     h.hello,
		"/probe":     h.probe,
		"/dump":      h.dump,
		"/echo":      h.echo,
		"/sum":       h.sum,
		"/status":    h.status,
		"/length":    h.length,
		"/chunks":    h.chunks,
		"/trailers":  h.trailers,
		"/early":     h.early,
		"/close":     h.close,
		"/destroy":   h.destroy,
		"/inform":    h.inform,
		"/download":  h.download,
		"/panic":     h.panic,
		"/hold":      h.hold,
		"/release":   h.release,
		"/pause":     h.pause,
		"/resume":    h.resume,
		"/watch":     h.watch,
		"/await":     h.await,
		"/fetch":     h.fetch,
		"/relay":     h.relay,
		"/load":      h.load,
		"/storm":     h.storm,
		"/report":    h.report,
		"/configure": h.configure,
		"/peer":      h.peer,
	}
}

func (h *Handler) serve(req *http.ServerRequest, res *http.ServerResponse) {
	path, rest, _ := strings.Cut(req.URL(), "?")
	if answer, ok := h.routes[path]; ok {
		q := query(rest)
		if q.get("audit") != "" {
			h.audit.serve(req, res)
		}
		answer(req, res, q)
		return
	}
	h.dump(req, res, "") // any other target: tell what arrived
}

// query is the part of a target behind "?": names and values as they are, joined by "=" and "&".
type query string

func (q query) get(name string) string {
	for pair := range strings.SplitSeq(string(q), "&") {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}

// number is the value of name, or otherwise if there is none.
func (q query) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(q.get(name)); err == nil {
		return n
	}
	return otherwise
}

// fault makes a mistake of this handler visible to the test.
func fault(res *http.ServerResponse, err error) {
	if err != nil {
		res.StatusCode = 500
		res.EndString(err.Error())
	}
}
