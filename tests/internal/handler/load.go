package handler

import (
	"strconv"

	"github.com/portholehttp/porthole/guest/http"
)

// load makes "n" requests, "parallel" at a time, each for a path with its number behind it, and counts the answers whose body is
// that path.
func (h *Handler) load(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	n, good, begun, over := q.number("n", 1), 0, 0, 0
	o := h.options(q)
	var next func()
	ended := func() {
		if over++; over == n {
			res.EndString(strconv.Itoa(good))
			return
		}
		next()
	}
	next = func() {
		if begun == n {
			return
		}
		begun++
		path := q.get("path") + strconv.Itoa(begun)
		o.Path = path
		var body []byte
		http.Get(o, func(answer *http.ClientResponse) {
			answer.OnData(func(chunk []byte) { body = append(body, chunk...) })
			answer.OnEnd(func() {
				if string(body) == path {
					good++
				}
				ended()
			})
			answer.OnClose(func(error) { ended() })
		}).OnError(func(error) { ended() })
	}
	for range min(n, q.number("parallel", 1)) {
		next()
	}
}
