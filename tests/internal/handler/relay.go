package handler

import "github.com/portholehttp/porthole/guest/http"

// relay passes its own request on to the server of the query, and the response back, as a proxy does.
func (h *Handler) relay(req *http.ServerRequest, res *http.ServerResponse, q query) {
	o := h.options(q)
	o.Method = req.Method()
	request := http.Request(o, func(answer *http.ClientResponse) {
		res.StatusCode = answer.StatusCode()
		answer.OnClose(func(error) { res.Destroy() })
		answer.Pipe(res)
	})
	request.OnError(func(err error) {
		if res.HeadersSent() {
			res.Destroy()
			return
		}
		res.StatusCode = 502
		res.EndString(code(err))
	})
	res.OnClose(request.Abort)
	req.Pipe(request)
}
