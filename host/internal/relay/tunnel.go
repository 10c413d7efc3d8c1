package relay

import (
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"sync"
)

// tunnels reports whether what follows the response is no HTTP.
func (x *exchange) tunnels(response *nethttp.Response) bool {
	return response.StatusCode == nethttp.StatusSwitchingProtocols ||
		x.request.Method == nethttp.MethodConnect && response.StatusCode/100 == 2
}

// tunnel joins the client's connection and the link.
func (x *exchange) tunnel(response *nethttp.Response) {
	if x.request.ProtoMajor == 2 && x.request.Method == nethttp.MethodConnect {
		x.stream(response)
		return
	}
	conn, buffered, err := x.control.Hijack()
	if err != nil {
		nethttp.Error(x.w, nethttp.StatusText(nethttp.StatusNotImplemented), nethttp.StatusNotImplemented)
		return
	}
	defer func() { _ = conn.Close() }() // the peer has seen the end, or has gone
	x.stop()                            // for net/http the client has gone when it has ended its sending
	fmt.Fprintf(buffered, "HTTP/1.1 %s\r\n", response.Status)
	_ = response.Header.Write(buffered)
	_, _ = buffered.WriteString("\r\n")
	if buffered.Flush() != nil {
		return
	}
	x.join(buffered.Reader, conn, conn)
}

// join copies both ways until both have ended, or one breaks.
func (x *exchange) join(from io.Reader, to io.Writer, client net.Conn) {
	var sending sync.WaitGroup
	sending.Go(func() {
		if _, err := io.Copy(x.conn, from); err != nil {
			x.cut()
			return
		}
		_ = x.conn.CloseWrite()
	})
	_, err := io.Copy(to, x.reader)
	half, ok := client.(interface{ CloseWrite() error })
	switch {
	case err == nil && ok && half.CloseWrite() == nil:
	case err == nil:
		_ = client.Close()
	default:
		if tcp, ok := client.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = client.Close()
	}
	sending.Wait()
	_ = x.conn.Close()
}

// stream is tunnel for HTTP/2, where the body of the request is the one direction and that of the response the other.
func (x *exchange) stream(response *nethttp.Response) {
	x.w.WriteHeader(response.StatusCode)
	_ = x.control.Flush()
	go func() { // ends with the request's body, which ends with the exchange
		if _, err := io.Copy(x.conn, x.request.Body); err != nil {
			x.cut()
			return
		}
		_ = x.conn.CloseWrite()
	}()
	p := make([]byte, 32<<10)
	for {
		n, err := x.reader.Read(p)
		if n > 0 {
			if _, err := x.w.Write(p[:n]); err != nil || x.control.Flush() != nil {
				return
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			x.abort()
		}
	}
}
