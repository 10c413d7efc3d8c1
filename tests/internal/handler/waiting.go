package handler

import (
	"slices"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// Routes that wait, and those that end the waiting or tell what happened meanwhile.

// holding is what /hold and /release share under one key.
type holding struct {
	held     []*http.ServerResponse
	released bool
}

func (h *Handler) holding(key string) *holding {
	if h.held[key] == nil {
		h.held[key] = &holding{}
	}
	return h.held[key]
}

// hold does not answer until /release with the same key.
func (h *Handler) hold(req *http.ServerRequest, res *http.ServerResponse, q query) {
	key := q.get("key")
	h.note(key, req, res)
	if y := h.holding(key); y.released {
		res.EndString("held")
	} else {
		y.held = append(y.held, res)
	}
}

// release answers itself first, and then the exchanges that were held, the newest first: on a pipelined connection that
// is out of order.
func (h *Handler) release(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	res.EndString("released")
	y := h.holding(q.get("key"))
	y.released = true
	for _, held := range slices.Backward(y.held) {
		held.EndString("held")
	}
	y.held = nil
}

// pause takes no body until /resume with the same key, and then answers with its size.
func (h *Handler) pause(req *http.ServerRequest, res *http.ServerResponse, q query) {
	key := q.get("key")
	size := 0
	req.Pause()
	h.paused[key] = req
	h.note(key, req, res)
	req.OnData(func(chunk []byte) { size += len(chunk) })
	req.OnEnd(func() { res.EndString(strconv.Itoa(size)) })
}

func (h *Handler) resume(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	req := h.paused[q.get("key")]
	if req == nil {
		res.StatusCode = 404
		res.EndString("nothing is paused")
		return
	}
	delete(h.paused, q.get("key"))
	req.Resume()
	res.EndString("resumed")
}

// watch notes what happens to its exchange: see /await. With "write" the head of its response is sent first.
func (h *Handler) watch(req *http.ServerRequest, res *http.ServerResponse, q query) {
	if q.get("write") != "" {
		res.WriteString("half")
	}
	h.note(q.get("key"), req, res)
}

// download sends "size" bytes of a "text" again and again, in pieces of "piece", no more at a time than the client reads, or with
// "flood" all at once. With a key /await tells of its stalls.
func (h *Handler) download(req *http.ServerRequest, res *http.ServerResponse, q query) {
	size, key := q.number("size", 1<<20), q.get("key")
	text := q.get("text")
	if text == "" {
		text = "0123456789abcdef"
	}
	piece := []byte(strings.Repeat(text, q.number("piece", 32<<10)/len(text)))
	if q.get("length") != "" {
		fault(res, res.SetHeader("Content-Length", strconv.Itoa(size)))
	}
	if key != "" {
		h.note(key, req, res)
	}
	written := 0
	send := func() {
		for written < size {
			p := piece[:min(len(piece), size-written)]
			written += len(p)
			if !res.Write(p) && q.get("flood") == "" {
				if key != "" {
					h.tell(key, "stalled "+strconv.Itoa(written))
				}
				return
			}
		}
		res.End()
	}
	res.OnDrain(send)
	send()
}

// tallies are the events of exchanges, by key.
type tallies map[string]*tally

type tally struct {
	events  []string
	waiting map[string]*http.ServerResponse // by the event that /await wants
}

func (t tallies) of(key string) *tally {
	if t[key] == nil {
		t[key] = &tally{waiting: map[string]*http.ServerResponse{}}
	}
	return t[key]
}

// note records the events of an exchange under key.
func (t tallies) note(key string, req *http.ServerRequest, res *http.ServerResponse) {
	t.tell(key, "request")
	req.OnData(func(chunk []byte) { t.tell(key, "data "+strconv.Itoa(len(chunk))) })
	req.OnEnd(func() { t.tell(key, "end") })
	req.OnClose(func() { t.tell(key, "request closed") })
	res.OnClose(func() { t.tell(key, "response closed") })
	res.OnFinish(func() { t.tell(key, "finish") })
}

// tell adds an event, and answers who waits for one that begins like that.
func (t tallies) tell(key, event string) {
	y := t.of(key)
	y.events = append(y.events, event)
	word, _, _ := strings.Cut(event, " ")
	for _, want := range []string{event, word} {
		if res := y.waiting[want]; res != nil {
			delete(y.waiting, want)
			res.EndString(strings.Join(y.events, "\n"))
		}
	}
}

// await answers with the events of the exchange with that key, as soon as "event" (its first word, with "+" for
// a space) is among them.
func (h *Handler) await(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	y, want := h.of(q.get("key")), strings.ReplaceAll(q.get("event"), "+", " ")
	for _, event := range y.events {
		if event == want || strings.HasPrefix(event, want+" ") {
			res.EndString(strings.Join(y.events, "\n"))
			return
		}
	}
	y.waiting[want] = res
}
