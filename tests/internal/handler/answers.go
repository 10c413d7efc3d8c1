package handler

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// Answers that do not wait for anything but the request.

func (h *Handler) hello(_ *http.ServerRequest, res *http.ServerResponse, _ query) {
	fault(res, res.SetHeader("Content-Type", "text/plain"))
	res.EndString("hello\n")
}

func (h *Handler) probe(_ *http.ServerRequest, res *http.ServerResponse, _ query) {
	res.EndString("probe")
}

// echo streams the request's body back as it comes.
func (h *Handler) echo(req *http.ServerRequest, res *http.ServerResponse, _ query) {
	req.Pipe(res)
}

// sum counts the bytes of the body and hashes them.
func (h *Handler) sum(req *http.ServerRequest, res *http.ServerResponse, _ query) {
	size, hash := 0, sha256.New()
	req.OnData(func(chunk []byte) {
		size += len(chunk)
		hash.Write(chunk)
	})
	req.OnEnd(func() {
		res.EndString(`{"bytes":` + strconv.Itoa(size) + `,"sha256":"` + hex.EncodeToString(hash.Sum(nil)) + "\"}\n")
	})
}

// status answers with a code and a body, which some codes do not have. With "te" it insists on chunked.
func (h *Handler) status(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	res.StatusCode = q.number("code", 200)
	if q.get("te") != "" {
		fault(res, res.SetHeader("Transfer-Encoding", "chunked"))
	}
	if q.get("write") != "" {
		res.WriteString("body")
		res.End()
		return
	}
	res.EndString("body")
}

// length declares a Content-Length of "declare" bytes and sends a body of "send" bytes, in two pieces.
func (h *Handler) length(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	declare := q.number("declare", 10)
	body := strings.Repeat("x", q.number("send", declare))
	res.OnError(func(error) {}) // of a body that is not as declared
	fault(res, res.SetHeader("Content-Length", strconv.Itoa(declare)))
	res.WriteString(body[:len(body)/2])
	res.EndString(body[len(body)/2:])
}

// chunks sends "n" pieces of the body, each a call of Write.
func (h *Handler) chunks(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	for i := range q.number("n", 3) {
		res.WriteString("piece " + strconv.Itoa(i) + "\n")
	}
	res.End()
}

func (h *Handler) trailers(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	fault(res, res.WriteHead(200, http.Header{Name: "Trailer", Value: "X-Sum"}))
	if q.get("write") != "" {
		res.WriteString("begin ")
	}
	fault(res, res.AddTrailers(http.Header{Name: "X-Sum", Value: "42"}))
	res.EndString("end")
}

// early answers before it has seen the body.
func (h *Handler) early(_ *http.ServerRequest, res *http.ServerResponse, _ query) {
	res.EndString("early")
}

func (h *Handler) close(_ *http.ServerRequest, res *http.ServerResponse, _ query) {
	fault(res, res.SetHeader("Connection", "close"))
	res.EndString("bye")
}

// destroy breaks the connection: at once, or in the middle of a response with "late".
func (h *Handler) destroy(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	if q.get("late") != "" {
		res.WriteString("half")
	}
	res.Destroy()
}

func (h *Handler) inform(_ *http.ServerRequest, res *http.ServerResponse, _ query) {
	res.WriteProcessing()
	fault(res, res.WriteEarlyHints(http.Header{Name: "Link", Value: "</style.css>; rel=preload"}))
	res.EndString("final")
}

// panic ends a sandboxed handler: before the response or, with "late", in the middle of it.
func (h *Handler) panic(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	if q.get("late") != "" {
		res.WriteString("half")
	}
	panic("asked to")
}

// configure calls ListenCheckContinue and ListenTakeovers for those who cannot.
func (h *Handler) configure(_ *http.ServerRequest, res *http.ServerResponse, q query) {
	if q.get("check-continue") != "" {
		h.ListenCheckContinue()
	}
	if q.get("takeovers") != "" {
		h.ListenTakeovers()
	}
	res.EndString("configured")
}

// ListenCheckContinue has the handler itself answer Expect: 100-continue, from now on.
func (h *Handler) ListenCheckContinue() { h.server.OnCheckContinue(h.checkContinue) }

// checkContinue refuses bodies for /refuse, and asks for all others.
func (h *Handler) checkContinue(req *http.ServerRequest, res *http.ServerResponse) {
	if req.URL() == "/refuse" {
		res.StatusCode = 403
		res.EndString("no")
		return
	}
	res.WriteContinue()
	h.serve(req, res)
}
