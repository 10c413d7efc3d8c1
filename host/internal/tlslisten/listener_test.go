package tlslisten

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/host/internal/certtest"
	"github.com/portholehttp/porthole/internal/tlsconn"
)

// world is a Listener over pipes. The clock is that of a synctest bubble.
type world struct {
	*Listener
	t     *testing.T
	log   *lockedBuffer
	conns chan accepted
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fake is the listener underneath.
type fake struct {
	conns  chan accepted
	closed chan struct{}
}

func (f *fake) Accept() (net.Conn, error) {
	select {
	case a := <-f.conns:
		return a.conn, a.err
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fake) Close() error   { close(f.closed); return nil } // a second time would panic
func (f *fake) Addr() net.Addr { return &net.UnixAddr{Name: "fake", Net: "unix"} }

func newWorld(t *testing.T, most int) *world {
	ca := certtest.NewAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, "a.test")}, NextProtos: []string{"http/1.1", "checked/1"}}
	w := &world{t: t, log: &lockedBuffer{}, conns: make(chan accepted)}
	w.Listener = New(&fake{w.conns, make(chan struct{})}, Config{
		TLS:     func() *tls.Config { return config },
		Timeout: 10 * time.Second,
		Max:     most,
		Keep:    func(s tls.ConnectionState) bool { return s.NegotiatedProtocol != "checked/1" },
		Log:     slog.New(slog.NewTextHandler(w.log, nil)),
	})
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// connect makes a connection, and returns the peer's end.
func (w *world) connect() net.Conn {
	here, there := net.Pipe()
	w.conns <- accepted{conn: here}
	return there
}

// handshake is a client that is as quick as can be.
func handshake(c net.Conn, protocols ...string) (*tlsconn.Conn, error) {
	return tlsconn.Client(context.Background(), c, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
}

// accept returns the next connection.
func (w *world) accept() net.Conn {
	w.t.Helper()
	c, err := w.Accept()
	require.NoError(w.t, err)
	return c
}

func TestSilentClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10)
		begin := time.Now()
		silent := w.connect()
		quick := w.connect()
		go func() {
			c, err := handshake(quick)
			assert.NoError(t, err)
			_, err = c.Write([]byte("hello"))
			assert.NoError(t, err)
			assert.NoError(t, c.CloseWrite())
		}()
		got, err := io.ReadAll(w.accept())
		require.NoError(t, err)
		assert.Equal(t, "hello", string(got))
		assert.Zero(t, time.Since(begin), "nobody waited for the silent one")

		_, err = silent.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, 10*time.Second, time.Since(begin))
		synctest.Wait()
		assert.Contains(t, w.log.String(), `msg="TLS handshake failed" remote=pipe reason="it took too long"`)
		require.NoError(t, w.Close())
	})
}

// A client that sends a byte now and then has no more time than one that is silent.
func TestDrippingClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10)
		begin := time.Now()
		c := w.connect()
		for _, b := range []byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 0, 0, 0, 0, 0, 0} {
			if _, err := c.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(time.Second) // of the bubble
		}
		_, err := c.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		assert.Less(t, time.Since(begin), 12*time.Second)
		require.NoError(t, w.Close())
	})
}

// Silent clients that hold every slot make way, one for each that comes, after a second.
func TestSlowGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		begin := time.Now()
		first := w.connect()
		time.Sleep(100 * time.Millisecond) // of the bubble
		second := w.connect()
		for i := range 2 {
			quick := w.connect()
			go func() {
				_, err := handshake(quick)
				assert.NoError(t, err)
			}()
			w.accept()
			assert.Equal(t, time.Second, time.Since(begin), "client %d", i)
		}
		_, err := first.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		synctest.Wait()
		assert.Contains(t, w.log.String(), `reason="too many handshakes at once, and this one was slow"`)
		_, err = second.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, 10*time.Second+100*time.Millisecond, time.Since(begin), "it had all its time: there was room")
		require.NoError(t, w.Close())
	})
}

// Connections that nobody accepts hold their slots: they are as bounded as handshakes, and give way to nobody.
func TestFinishedHandshakesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		var clients sync.WaitGroup
		shake := func() {
			c := w.connect()
			clients.Go(func() {
				_, err := handshake(c)
				assert.NoError(t, err)
			})
		}
		shake()
		shake()
		clients.Wait()
		third := w.connect()
		time.Sleep(9 * time.Second) // of the bubble
		for range 2 {
			w.accept()
		}
		_, err := handshake(third)
		require.NoError(t, err)
		w.accept()
		require.NoError(t, w.Close())
	})
}

// Who is asked to give way is one that can: a handshake that is over, and older, is passed over.
func TestFinishedHandshakesAreNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		_, err := handshake(w.connect())
		require.NoError(t, err)
		silent := w.connect()
		begin := time.Now()
		_, err = handshake(w.connect())
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(begin))
		_, err = silent.Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		w.accept()
		w.accept()
		require.NoError(t, w.Close())
	})
}

// One that finds no room in all its time is closed.
func TestNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		_, err := handshake(w.connect())
		require.NoError(t, err)
		begin := time.Now()
		_, err = w.connect().Read(make([]byte, 1))
		assert.Equal(t, io.EOF, err)
		assert.Equal(t, 10*time.Second, time.Since(begin))
		w.accept()
		_, err = handshake(w.connect())
		require.NoError(t, err)
		w.accept()
		require.NoError(t, w.Close())
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		finished := w.connect()
		client, err := handshake(finished)
		require.NoError(t, err)
		silent, waiting := w.connect(), w.connect()
		synctest.Wait() // until our side, too, knows that the handshake is over
		require.NoError(t, w.Close())
		require.NoError(t, w.Close(), "again")
		for _, c := range []net.Conn{silent, waiting, client} {
			_, err := c.Read(make([]byte, 1))
			assert.Equal(t, io.EOF, err)
		}
		_, err = w.Accept()
		assert.ErrorIs(t, err, net.ErrClosed)
		synctest.Wait()
		assert.Empty(t, w.log.String(), "it was no fault of theirs")
	})
}

func TestErrorsOfTheOtherListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		want := errors.New("not now")
		for range 3 {
			go func() { w.conns <- accepted{err: want} }()
			_, err := w.Accept()
			assert.Equal(t, want, err)
		}
		c := w.connect()
		go func() {
			_, err := handshake(c)
			assert.NoError(t, err)
		}()
		w.accept()
		assert.Equal(t, "fake", w.Addr().String())
		require.NoError(t, w.Close())
	})
}

// Some want no more than the handshake: whoever checks that a certificate is there.
func TestNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		for range 3 { // more than there are slots
			c, err := handshake(w.connect(), "checked/1")
			require.NoError(t, err)
			_, err = c.Read(make([]byte, 1))
			assert.Equal(t, io.EOF, err)
		}
		require.NoError(t, w.Close())
	})
}

func TestFailuresAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2)
		fail := func() {
			_, err := handshake(w.connect(), "h2")
			assert.ErrorContains(t, err, "no application protocol")
			synctest.Wait()
		}
		probe := w.connect()
		require.NoError(t, probe.Close())
		synctest.Wait()
		assert.Empty(t, w.log.String(), "that was none")
		for range 5 {
			fail()
		}
		time.Sleep(time.Second) // of the bubble
		fail()
		lines := bytes.Split([]byte(w.log.String()), []byte("\n"))
		require.Len(t, lines, 3)
		assert.NotContains(t, string(lines[0]), "others")
		assert.Contains(t, string(lines[1]), "others=4")
		require.NoError(t, w.Close())
	})
}
