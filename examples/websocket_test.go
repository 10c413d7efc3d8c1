package examples

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host"
)

// open makes a WebSocket connection.
func (s *site) open(t *testing.T) net.Conn {
	t.Helper()
	conn, in, _, err := ws.Dial(t.Context(), "ws://"+s.addr+"/")
	require.NoError(t, err)
	require.Nil(t, in, "bytes before anything was sent")
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

func TestWebSocket(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		s := serve(t, "websocket", host.Grants{})
		converse(t, s)
		t.Run("refusals", func(t *testing.T) { refusals(t, s) })
		t.Run("back-pressure", func(t *testing.T) { webSocketPressure(t, s) })
	})
}

// A WebSocket connection through the proxy is as any other.
func TestWebSocketThroughProxy(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		inner := serve(t, "websocket", host.Grants{})
		_, port, _ := strings.Cut(inner.addr, ":")
		converse(t, serve(t, "proxy", local, "port="+port))
	})
}

// converse has conversations of all kinds with the server.
func converse(t *testing.T, s *site) {
	t.Run("messages", func(t *testing.T) {
		conn := s.open(t)
		for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			sent := noise(uint64(size), size)
			require.NoError(t, wsutil.WriteClientBinary(conn, sent))
			got, err := wsutil.ReadServerBinary(conn)
			require.NoError(t, err)
			require.True(t, string(sent) == string(got), "%d bytes", size)
		}
		require.NoError(t, wsutil.WriteClientText(conn, []byte("grüße")))
		got, err := wsutil.ReadServerText(conn)
		require.NoError(t, err)
		require.Equal(t, "grüße", string(got))
	})

	t.Run("pieces", func(t *testing.T) {
		conn := s.open(t)
		frames := string(ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpText, false, []byte("gr\xc3"))))) +
			string(ws.MustCompileFrame(ws.MaskFrame(ws.NewPingFrame([]byte("ping"))))) +
			string(ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpContinuation, true, []byte("\xbc\xc3\x9fe")))))
		for i := range len(frames) {
			_, err := io.WriteString(conn, frames[i:i+1])
			require.NoError(t, err)
		}
		frame := readFrame(t, conn)
		assert.Equal(t, ws.OpPong, frame.Header.OpCode)
		assert.Equal(t, "ping", string(frame.Payload))
		frame = readFrame(t, conn)
		assert.Equal(t, ws.OpText, frame.Header.OpCode)
		assert.Equal(t, "grüße", string(frame.Payload))
	})

	// Whatever ends it, the server says so with a close frame, and then nothing.
	for _, end := range []struct {
		name string
		send ws.Frame
		want []byte
	}{
		{"close", ws.NewCloseFrame(ws.NewCloseFrameBody(4000, "bye")), ws.NewCloseFrameBody(4000, "bye")},
		{"close without a status", ws.NewCloseFrame(nil), []byte{}},
		{"text that is not UTF-8", ws.NewTextFrame([]byte("\xff")), ws.NewCloseFrameBody(1007, "the text is not UTF-8")},
		{"too big", ws.NewBinaryFrame(make([]byte, 1<<20+1)), ws.NewCloseFrameBody(1009, "the message is too big")},
	} {
		t.Run(end.name, func(t *testing.T) {
			conn := s.open(t)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				_ = ws.WriteFrame(conn, ws.MaskFrame(end.send)) // the server may have had enough before the end
			}()
			frame := readFrame(t, conn)
			assert.Equal(t, ws.OpClose, frame.Header.OpCode)
			assert.Equal(t, end.want, frame.Payload)
			rest, err := io.ReadAll(conn)
			require.NoError(t, err)
			assert.Empty(t, rest)
			<-sent
		})
	}
}

func readFrame(t *testing.T, conn net.Conn) ws.Frame {
	t.Helper()
	header, err := ws.ReadHeader(conn)
	require.NoError(t, err)
	require.False(t, header.Masked)
	payload := make([]byte, header.Length)
	_, err = io.ReadFull(conn, payload)
	require.NoError(t, err)
	return ws.Frame{Header: header, Payload: payload}
}

func refusals(t *testing.T, s *site) {
	response, _ := s.get(t, "/")
	assert.Equal(t, 426, response.StatusCode)
	assert.Equal(t, "websocket", response.Header.Get("Upgrade"))

	key := "Sec-WebSocket-Key: " + base64.StdEncoding.EncodeToString(make([]byte, 16)) + "\r\n"
	const version = "Sec-WebSocket-Version: 13\r\n"
	for _, refusal := range []struct {
		name, method, fields string
		status               int
	}{
		{"another protocol", "GET", "Upgrade: h2c\r\n" + version + key, 426},
		{"no version", "GET", "Upgrade: websocket\r\n" + key, 426},
		{"another version", "GET", "Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\n" + key, 426},
		{"another method", "POST", "Upgrade: websocket\r\n" + version + key, 405},
		{"no key", "GET", "Upgrade: websocket\r\n" + version, 400},
		{"a short key", "GET", "Upgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\n" + version, 400},
		{"two keys", "GET", "Upgrade: websocket\r\n" + version + key + key, 400},
	} {
		conn := s.dial(t)
		_, err := fmt.Fprintf(conn, "%s / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n%s\r\n", refusal.method, refusal.fields)
		require.NoError(t, err)
		in := bufio.NewReader(conn)
		response, err := nethttp.ReadResponse(in, nil)
		require.NoError(t, err)
		assert.Equal(t, refusal.status, response.StatusCode, refusal.name)
		rest, err := io.ReadAll(in)
		require.NoError(t, err)
		assert.Empty(t, rest)
	}
}

// Who does not read what is sent back is not read from.
func webSocketPressure(t *testing.T, s *site) {
	const plenty = 64 << 20
	conn := s.open(t)
	message := ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(make([]byte, 64<<10))))
	sent := fill(t, plenty, func(piece []byte) (int, error) {
		require.NoError(t, conn.SetWriteDeadline(soon()))
		return conn.Write(message[:min(len(message), len(piece))])
	})
	assert.Less(t, sent, plenty)
}

// Clients of others.
func TestWebSocketPeers(t *testing.T) {
	eachWay(t, func(t *testing.T, serve serve) {
		node := need(t, "node")
		module := needModule(t, "ws")
		s := serve(t, "websocket", host.Grants{})
		out, err := exec.Command(node, "testdata/websocket.js", module, "ws://"+s.addr+"/").CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "7 messages, closed with 4000 bye\n", string(out))
	})
}
