// Command program is the interpreter of event scripts as a module for a host. Its handler takes scripts:
//
//	POST /run?key=K&peer=PORT   runs the script in the body; the response has its log, line by line
//	POST /do?key=K&label=L      does what the script has under a label
//	POST /stop?key=K            stops it, and ends the log
//	POST /settle                is answered when it is read
package main

import (
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/tests/internal/events"
)

func main() {
	c := control{runs: map[string]*events.Run{}, logs: map[string]*http.ServerResponse{}}
	http.CreateServer(c.serve)
	http.Run()
}

// control has the scripts that run, and the responses with their logs, by key.
type control struct {
	runs map[string]*events.Run
	logs map[string]*http.ServerResponse
}

func (c *control) serve(req *http.ServerRequest, res *http.ServerResponse) {
	path, query, _ := strings.Cut(req.URL(), "?")
	switch path {
	case "/run":
		c.run(req, res, get(query, "key"), get(query, "peer"))
	case "/do":
		c.runs[get(query, "key")].Do(get(query, "label"))
		res.End()
	case "/stop":
		c.stop(get(query, "key"))
		res.End()
	default:
		res.End()
	}
}

func (c *control) run(req *http.ServerRequest, res *http.ServerResponse, key, peer string) {
	var script []byte
	req.OnData(func(chunk []byte) { script = append(script, chunk...) })
	req.OnEnd(func() {
		c.logs[key] = res
		c.runs[key] = events.Start(string(script), peer, func(line string) { res.WriteString(line + "\n") })
	})
}

func (c *control) stop(key string) {
	c.runs[key].Stop()
	c.logs[key].End()
	delete(c.runs, key)
	delete(c.logs, key)
}

// get is the value of name in a query, as it is.
func get(query, name string) string {
	for pair := range strings.SplitSeq(query, "&") {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}
