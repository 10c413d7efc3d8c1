package h1

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzOriginForm: what OriginForm takes for a method and a target, so does the parser.
func FuzzOriginForm(f *testing.F) {
	for _, s := range []string{"GET / ", "POST /a?b HTTP/1.1\r\n", "UNSUBSCRIBE / ", "CONNECT / ", "OPTIONS * ", "GET http://a/ ", "PRI / ", "G / ", "GET /#", "", "GET ", "GET /"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, target, end := OriginForm(b)
		if end == 0 {
			require.Zero(t, m)
			return
		}
		require.Less(t, end, uint(len(b)))
		var p Parser
		p.InitRequest(Limits{MaxHeaderBytes: 1 << 30})
		head := append(append([]byte(nil), b[:end]...), " HTTP/1.1\r\nHost: x\r\n\r\n"...)
		step, _ := p.Next(head)
		require.Equal(t, HeadDone, step, "%v", p.Err)
		require.Equal(t, m, p.Head.Method)
		require.Equal(t, Span{Size: uint32(target - 1)}, p.Head.MethodSpan)
		require.Equal(t, Span{Offset: uint32(target), Size: uint32(end - target)}, p.Head.Target)
		require.Equal(t, byte('/'), b[target])
	})
}

// Every method but CONNECT has a target in origin-form.
func TestOriginFormMethods(t *testing.T) {
	for m := MethodCheckout; int(m) < len(methodNames); m++ {
		got, _, end := OriginForm([]byte(m.String() + " /x y"))
		if m == MethodConnect || m == methodPRI {
			require.Zero(t, end, m)
			continue
		}
		require.Equal(t, m, got)
		require.Equal(t, uint(len(m.String())+3), end)
	}
}

// After Adopt the parser goes on as after HeadDone, whatever it has read before.
func TestAdopt(t *testing.T) {
	for _, head := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		for _, before := range []string{"", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;e\r\na\r\n0\r\nT: u\r\n\r\n"} {
			for _, after := range []string{"abcGET", "3\r\nabc\r\n0\r\nA: b\r\n\r\n", "0\r\nHost: y\r\n\r\n", "zz"} {
				run := func(adopt bool) (steps []string) {
					var p Parser
					p.InitRequest(Limits{MaxChunkExtensions: 2})
					next := func(b []byte) (Step, int) {
						step, n := p.Next(b)
						text := ""
						if p.Err != nil {
							text = p.Err.Error()
						}
						steps = append(steps, string(rune('0'+step))+string(p.Body)+text)
						return step, n
					}
					b := []byte(before)
					for step := HeadDone; step != NeedMore && step != Failed; {
						var n int
						step, n = next(b)
						b = b[n:]
					}
					if adopt {
						var q Parser
						q.InitRequest(Limits{})
						step, n := q.Next([]byte(head))
						require.Equal(t, HeadDone, step)
						p.Adopt(&q.Head, n)
					} else {
						step, _ := p.Next([]byte(head))
						require.Equal(t, HeadDone, step)
					}
					b = []byte(after)
					for step := HeadDone; step != NeedMore && step != Failed; {
						var n int
						step, n = next(b)
						b = b[n:]
					}
					return steps
				}
				require.Equal(t, run(false), run(true), "%q %q", head, after)
			}
		}
	}
}
