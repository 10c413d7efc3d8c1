//go:build !wasip1

package http

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/port/porttest"
	"github.com/portholehttp/porthole/guest/net"
)

// An engine that does to a request whatever the contract allows, and a handler that does whatever comes to its mind: the
// events must tell one consistent story.
func TestRandomExchanges(t *testing.T) {
	for seed := range uint64(5000) {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { randomExchange(t, rand.New(rand.NewPCG(seed, 0))) }) {
			return
		}
	}
}

// engineModel is the state of the exchange in the engine.
type engineModel struct {
	*fakePort
	*rand.Rand
	aborted                        bool // by the handler, which will be told
	sent                           bool // the request is complete, and its handler knows
	finish                         bool // EventFinish is due
	socket, responded, ended, over bool
}

func (m *engineModel) one(n int) bool { return m.IntN(n) == 0 }

// Abort and RequestSend are operations of the handler.
func (m *engineModel) Abort(handle uint64) { m.aborted = m.aborted || handle == h && !m.over }

func (m *engineModel) RequestSend(_ uint64, flags uint32, _, _ []byte) abi.Status {
	switch {
	case m.over || m.aborted:
		return abi.StatusClosed
	case m.one(3):
		m.finish = m.finish || flags&abi.SendEnd != 0
		return abi.StatusQueued
	case flags&abi.SendEnd != 0:
		m.sent = true
		m.over = m.ended
	}
	return abi.StatusOK
}

func (m *engineModel) event(kind abi.EventKind, flags uint32, head, body []byte) {
	m.over = flags&abi.EventDone != 0
	porttest.Event(kind, flags, h, head, body)
}

// end ends the response, and the exchange if the request has been sent.
func (m *engineModel) end() (flags uint32) {
	if m.one(3) {
		m.ended = true
		flags = abi.EventEnd
		if m.sent {
			flags |= abi.EventDone
		}
	}
	return flags
}

// step does one thing that an engine may do.
func (m *engineModel) step() {
	body := []byte(strings.Repeat("x", m.IntN(3)))
	switch {
	case m.aborted && m.one(2) || m.one(15):
		text := "ECONNRESET socket hang up"
		if !m.aborted && m.one(2) {
			text = "HPE_INVALID_CONSTANT Parse Error"
		}
		m.event(abi.EventError, abi.StatusFlags(abi.Status(m.IntN(13))), []byte(text), nil)
		m.event(abi.EventClose, abi.EventDone, nil, nil)
	case m.finish && m.one(2):
		m.finish, m.sent = false, true
		flags := uint32(0)
		if m.ended {
			flags = abi.EventDone
		}
		m.event(abi.EventFinish, flags, nil, nil)
	case !m.socket:
		m.socket = true
		giveSocket(h, 7)
	case !m.responded && m.one(3):
		m.event(abi.EventInformation, 0, porttest.ResponseRecord("HTTP/1.1 103 Early Hints\r\n\r\n", 0, 0), nil)
	case !m.responded && m.one(8):
		m.event(abi.EventUpgrade, abi.EventDone, porttest.ResponseRecord("HTTP/1.1 101 Switching\r\n\r\n", 0, 0), body)
	case !m.responded:
		m.responded = true
		m.event(abi.EventResponse, m.end(), porttest.ResponseRecord(ok, uint16(m.IntN(2)), -1), body)
	case !m.ended:
		m.event(abi.EventData, m.end(), nil, body)
	}
}

func randomExchange(t *testing.T, random *rand.Rand) {
	p := newPort(t)
	m := &engineModel{fakePort: p, Rand: random}
	t.Cleanup(port.Replace(m))
	r := p.follow(Request(RequestOptions{Method: "POST"}))
	p.Take()
	abortWas := -1 // how long the log was when Abort had an effect
	calm := false
	whim := func() {
		if calm {
			return
		}
		switch res := &r.res; m.IntN(14) {
		case 0:
			before := r.aborted
			r.Abort()
			if r.aborted && !before {
				abortWas = len(p.Log)
			}
		case 1:
			if res.req != nil {
				res.Pause()
			}
		case 2, 3:
			res.Resume()
		case 4:
			r.End()
		case 5:
			if !r.ended {
				r.WriteString("x")
			}
		}
	}
	r.OnSocket(func(*net.Socket) { whim() })
	r.OnResponse(func(res *ClientResponse) {
		whim()
		res.OnData(func([]byte) { whim() })
		res.OnEnd(whim)
	})
	r.OnInformation(func(Information) { whim() })
	for i := 0; !m.over && i < 10000; i++ {
		whim()
		port.RunTicks()
		if !m.over {
			m.step()
		}
		if i > 50 {
			r.End()
		}
	}
	calm = true
	r.res.Resume()
	port.RunTicks()
	story := slices.DeleteFunc(p.Take(), func(s string) bool { return strings.HasPrefix(s, "p") && s != "" || strings.HasPrefix(s, "resume") })
	consistent(t, story, r, abortWas)
}

// consistent checks the rules of ClientRequest's documentation.
func consistent(t *testing.T, story []string, r *ClientRequest, abortWas int) {
	told := strings.Join(story, ", ")
	count := func(prefix string) (n int) {
		for _, s := range story {
			if strings.HasPrefix(s, prefix) {
				n++
			}
		}
		return n
	}
	index := func(prefix string) int {
		return slices.IndexFunc(story, func(s string) bool { return strings.HasPrefix(s, prefix) })
	}
	for _, once := range []string{"socket", "response 200", "end", "aborted", "response close", "error", "close", "upgrade", "finish"} {
		require.LessOrEqual(t, count(once), 1, "%s: %s", once, told)
	}
	require.True(t, r.over, told)
	require.Nil(t, underWay.first, told)
	require.Equal(t, count("aborted"), count("response close"), told)
	last := max(index("end"), index("response close"))
	for i, s := range story {
		require.False(t, strings.HasPrefix(s, "data") && (i < index("response 200") || last >= 0 && i > last), told)
	}
	switch {
	case count("upgrade") > 0:
		require.Equal(t, 1, count("close"), told)
		require.Zero(t, count("error")+count("response"), told)
	case count("response 200") > 0:
		require.Equal(t, 1, count("end")+count("response close"), "a response ends in one way: %s", told)
		if count("response close") > 0 {
			require.Greater(t, index("aborted"), index("close"), told)
		}
	default:
		require.Equal(t, 1, count("error"), told)
		require.Equal(t, 1, count("close"), told)
		require.Equal(t, abortWas >= 0, index("close") < index("error"), "Abort puts 'close' first: %s", told)
	}
	if abortWas >= 0 {
		require.Equal(t, 1, count("close"), told)
		require.LessOrEqual(t, index("end"), abortWas, told)
	}
}
