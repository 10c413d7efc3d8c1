package netloop

import (
	"context"
	"net"

	"github.com/portholehttp/porthole/abi"
)

// Connect reserves a handle for a connection that dial makes, on a goroutine of its own. Handler.Connect follows in a later
// turn, unless CloseHandle is called first: that cancels dial's context, and a connection that comes all the same is closed.
// dial must return soon when its context is done, because Run waits for it; the connection is the loop's
// from then on, and must have no deadline set.
//
// Until Handler.Connect, Write and Shutdown return StatusState, Conn is nil, and Pause, Resume and SetOption
// count for the connection to come.
func (l *Loop) Connect(dial func(context.Context) (net.Conn, error)) Handle {
	ctx, cancel := context.WithCancel(context.Background())
	d := &dialing{socket: socket{loop: l}, cancel: cancel}
	d.transport = d
	d.handle = l.handles.add(&d.socket, nil)
	l.running.Go(func() {
		conn, err := dial(ctx)
		cancel()
		if !l.Post(func() { l.connected(d, conn, err) }) && err == nil {
			_ = conn.Close() // nobody has seen it
		}
	})
	return d.handle
}

// connected takes up what came of dial.
func (l *Loop) connected(d *dialing, conn net.Conn, err error) {
	switch {
	case err != nil && d.silent():
	case err != nil:
		l.closeSocket(&d.socket, false)
		l.handler.Connect(d.handle, err, l.now)
	case d.silent():
		l.running.Go(func() { _ = conn.Close() }) // it may block: TLS says goodbye
	default:
		s := newSocket(l, conn)
		s.handle, s.paused, s.talked = d.handle, d.paused, true
		l.handles.find(d.handle).socket = s
		for _, o := range d.options {
			s.transport.setOption(o)
		}
		s.transport.start()
		l.handler.Connect(s.handle, nil, l.now)
	}
}

// dialing is the transport of a socket that is not connected yet.
type dialing struct {
	socket
	cancel  context.CancelFunc
	options []option // each name once
}

func (d *dialing) start()                         {}
func (d *dialing) ready(signals)                  {} // there is nobody to signal
func (d *dialing) resume()                        {}
func (d *dialing) write([]byte) (int, abi.Status) { return 0, abi.StatusState }
func (d *dialing) shutdown() abi.Status           { return abi.StatusState }
func (d *dialing) close(bool)                     { d.cancel() }
