package handler

import (
	"time"

	"github.com/portholehttp/porthole/guest/http"
)

// fetch makes a request, and answers with a JSON object of what came of it: see outcome. The query says which request:
// "host", "port" or "unix", where it goes; "tls", with the body for the certificates to trust, or without one "insecure"; "name", the
// server's; "agent", see agents; "method" and "path"; "expect", whether its body is sent when that is asked for; "trailers"; "upgrade",
// a protocol; "timeout" in milliseconds. Its body is that of the request for this route.
func (h *Handler) fetch(req *http.ServerRequest, res *http.ServerResponse, q query) {
	var body []byte
	req.OnData(func(chunk []byte) { body = append(body, chunk...) })
	req.OnEnd(func() {
		o := h.options(q)
		if q.get("tls") != "" {
			o.Protocol, o.ServerName, o.CA, body = "https:", q.get("name"), body, nil
			o.InsecureSkipVerify = q.get("insecure") != ""
		}
		x := &outcome{res: res}
		x.watch(http.Request(o), body, q)
	})
}

// options are those of a request, by a query.
func (h *Handler) options(q query) http.RequestOptions {
	o := http.RequestOptions{
		Host:       q.get("host"),
		Port:       q.number("port", 0),
		SocketPath: q.get("unix"),
		Method:     q.get("method"),
		Path:       q.get("path"),
		Agent:      h.agents.named(q.get("agent")),
		Timeout:    time.Duration(q.number("timeout", 0)) * time.Millisecond,
	}
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if protocol := q.get("upgrade"); protocol != "" {
		o.Headers.Add("Connection", "Upgrade")
		o.Headers.Add("Upgrade", protocol)
	}
	if q.get("expect") != "" {
		o.Headers.Add("Expect", "100-continue")
	}
	if q.get("trailers") != "" {
		o.Headers.Add("Trailer", "X-Sum")
	}
	return o
}
