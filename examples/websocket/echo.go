package main

import (
	"bytes"
	"time"

	"github.com/gobwas/ws"

	"github.com/portholehttp/porthole/guest/net"
)

// farewell is how long a client has to close the connection when both sides have said that they will.
const farewell = 5 * time.Second

// echo sends messages back to a client.
type echo struct {
	socket *net.Socket
	frame  bytes.Buffer
}

// serve speaks WebSocket on a socket, of which head has been read already.
func serve(socket *net.Socket, head []byte) {
	e := &echo{socket: socket}
	in := newReader(e)
	receive := func(chunk []byte) {
		if f := in.read(chunk); f != nil {
			e.fail(f)
		}
	}
	receive(head)
	socket.OnData(receive)
	socket.OnDrain(socket.Resume)
	socket.OnEnd(func() { socket.End() })
}

// send sends a frame. A client that does not read is not read from either.
func (e *echo) send(op ws.OpCode, payload []byte) {
	e.frame.Reset()
	_ = ws.WriteHeader(&e.frame, ws.Header{Fin: true, OpCode: op, Length: int64(len(payload))}) // a Buffer takes everything
	e.frame.Write(payload)
	if !e.socket.Write(e.frame.Bytes()) {
		e.socket.Pause()
	}
}

// message sends a message back.
func (e *echo) message(op ws.OpCode, payload []byte) { e.send(op, payload) }

// ping answers with a pong: RFC 6455 §5.5.3.
func (e *echo) ping(payload []byte) { e.send(ws.OpPong, payload) }

// close agrees to the end with the client's own words.
func (e *echo) close(payload []byte) {
	e.send(ws.OpClose, payload)
	e.end()
}

// fail ends the connection for something that the client did wrong.
func (e *echo) fail(f *failure) {
	e.send(ws.OpClose, ws.NewCloseFrameBody(f.status, f.reason))
	e.end()
}

// end ends our side. The client closes the connection; what it sends until then is discarded.
func (e *echo) end() {
	e.socket.End()
	e.socket.Resume()
	e.socket.SetTimeout(farewell, e.socket.Destroy)
}
