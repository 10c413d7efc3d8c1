package stack

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	nethttp "net/http"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
)

// pipePeer is the other end of a socket of the engine.
type pipePeer struct {
	s        *pipeSimulation
	socket   uint64
	server   bool
	upcoming []byte // what it will send
	ends     bool   // and then its FIN
	ended    bool
	seen     int // bytes that the engine had sent when it last looked
	read     int // of what the engine has sent: the requests that were answered
}

// pipeRequest is the plan of one.
type pipeRequest struct {
	number       int
	size, answer int  // bytes of the bodies
	chunked      bool // the request
	framing      int  // of the answer: 0 length, 1 chunked, 2 the connection's end
	rechunked    bool // the proxy forgets lengths
	early        bool // the answer does not wait for the request's body
}

func (s *pipeSimulation) newRequest() *pipeRequest {
	q := &pipeRequest{number: len(s.requests), size: s.size(), answer: s.size(), chunked: s.chance(2), framing: s.r.IntN(3), rechunked: s.chance(2), early: s.chance(4)}
	s.requests[q.number] = q
	return q
}

func (q *pipeRequest) bytes(r *rand.Rand) []byte {
	head := fmt.Appendf(nil, "POST /%d HTTP/1.1\r\nHost: x\r\n", q.number)
	return appendFramed(r, head, simBody(q.number, 0, 0, q.size), q.chunked)
}

func (q *pipeRequest) answerBytes(r *rand.Rand) []byte {
	head := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nX-Number: %d\r\n", q.number)
	body := simBody(q.number, 1, 0, q.answer)
	if q.framing == 2 {
		return append(append(head, "\r\n"...), body...)
	}
	return appendFramed(r, head, body, q.framing == 1)
}

// appendFramed appends the rest of a head and a body.
func appendFramed(r *rand.Rand, head, body []byte, chunked bool) []byte {
	if !chunked {
		return append(fmt.Appendf(head, "Content-Length: %d\r\n\r\n", len(body)), body...)
	}
	head = append(head, "Transfer-Encoding: chunked\r\n\r\n"...)
	for len(body) > 0 {
		n := 1 + r.IntN(len(body))
		if r.IntN(2) == 0 {
			n = min(n, 1+r.IntN(2000))
		}
		head = append(append(fmt.Appendf(head, "%x\r\n", n), body[:n]...), "\r\n"...)
		body = body[n:]
	}
	return append(head, "0\r\n\r\n"...)
}

// speak sends up to n bytes. A piece may have been read before the socket was paused; not two.
func (p *pipePeer) speak(n int) {
	s := p.s
	if s.sockets[p.socket].paused {
		return
	}
	if n = min(n, len(p.upcoming)); n > 0 {
		piece := string(p.upcoming[:n])
		p.upcoming = p.upcoming[n:]
		s.data(p.socket, piece)
		return
	}
	if p.ends && !p.ended {
		p.ended = true
		s.end(p.socket)
	}
}

// answer has a server look at what it got.
func (p *pipePeer) answer() {
	s := p.s
	sent := s.sockets[p.socket].sent
	if !p.server || s.sockets[p.socket].closed || p.seen == len(sent) {
		return
	}
	p.seen = len(sent)
	rest := sent[p.read:]
	if line, _, _ := strings.Cut(string(rest[:min(len(rest), 100)]), "\n"); strings.HasPrefix(line, "TUNNEL /") {
		if len(p.upcoming) == 0 && !p.ends {
			q := s.requests[numberOf(line)]
			p.upcoming, p.ends = simBody(q.number, 1, 0, q.answer), true
		}
		return
	}
	reader := bufio.NewReader(bytes.NewReader(rest))
	m, err := nethttp.ReadRequest(reader)
	if err != nil || p.ends {
		return
	}
	q := s.requests[numberOf(m.RequestURI)]
	_, err = io.Copy(io.Discard, m.Body)
	if err != nil && !q.early {
		return
	}
	if q.early && err != nil { // its answer comes before the end of the request: this connection has no other
		q.framing = 2
	}
	p.read = len(sent)
	p.upcoming = append(p.upcoming, q.answerBytes(s.r)...)
	p.ends = q.framing == 2
}

// numberOf returns the number in a target /7.
func numberOf(text string) int {
	_, rest, _ := strings.Cut(text, "/")
	n, _ := strconv.Atoi(strings.TrimRight(rest, "\r"))
	return n
}

// check sees what has arrived.
func (s *pipeSimulation) check() {
	for _, p := range s.peers {
		s.checkPeer(p)
	}
	if len(s.sides) > 0 {
		s.failf("%d handles do not end", len(s.sides))
	}
	s.atRest()
	require.Empty(s.t, s.engine.handles.stirred)
}

// checkPeer checks what the engine has sent to p.
func (s *pipeSimulation) checkPeer(p *pipePeer) {
	sent := s.sockets[p.socket].sent
	r := bufio.NewReader(bytes.NewReader(sent))
	for {
		if _, err := r.Peek(1); err != nil {
			return
		}
		var body io.Reader
		var number, stream, size int
		if p.server {
			line, err := r.Peek(min(20, r.Buffered()))
			if err == nil && strings.HasPrefix(string(line), "TUNNEL /") {
				head, _ := r.ReadString('\n')
				_, _ = r.ReadString('\n')
				number, body = numberOf(strings.TrimSpace(head)), r
			} else {
				m, err := nethttp.ReadRequest(r)
				if err != nil {
					s.partial(false, "a head to a server: %v", err)
					return
				}
				number, body = numberOf(m.RequestURI), m.Body
			}
			size = s.requests[number].size
		} else {
			m, err := nethttp.ReadResponse(r, &nethttp.Request{Method: "POST"})
			if err != nil {
				s.partial(false, "a head to a client: %v", err)
				return
			}
			if m.StatusCode != 200 {
				s.partial(false, "status %d", m.StatusCode)
				return
			}
			number, stream, body = s.answerTo(m), 1, m.Body
			size = s.requests[number].answer
		}
		got, err := io.ReadAll(body)
		s.checkBody(number, stream, got)
		if len(got) > size {
			s.failf("%d bytes of %d", len(got), size)
		}
		if p.server && s.requests[number].early && len(got) < size {
			return // the server has closed the connection after its answer
		}
		if err != nil || len(got) < size {
			s.partial(err == nil && !s.cut(p), "%d bytes of %d: %v", len(got), size, err)
			return
		}
		s.counts["complete"]++
	}
}

// answerTo returns whose response m is.
func (s *pipeSimulation) answerTo(m *nethttp.Response) int {
	n, err := strconv.Atoi(m.Header.Get("X-Number"))
	if err != nil {
		s.failf("whose response is this?")
	}
	return n
}

// cut reports whether the peer knows that something is missing.
func (s *pipeSimulation) cut(p *pipePeer) bool {
	return s.sockets[p.socket].reset || !s.sockets[p.socket].shut
}

// partial is for what has not arrived. taken says that it looks as if it had.
func (s *pipeSimulation) partial(taken bool, format string, a ...any) {
	s.counts["partial"]++
	if s.seed%3 == 0 || taken {
		s.failf(format, a...)
	}
}

func (s *pipeSimulation) checkBody(number, stream int, p []byte) {
	for i, b := range p {
		if b != simByte(number, stream, i) {
			s.failf("byte %d of stream %d of %d is another's", i, stream, number)
		}
	}
}
