// Command peer is a handler for the tests of package host. It tells a client what is known of it.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

func main() {
	early := map[*net.Socket]string{} // what was known when the connection was new
	server := http.CreateServer(func(req *http.ServerRequest, res *http.ServerResponse) {
		s := req.Connection()
		if req.URL() == "/close" {
			res.SetHeader("Connection", "close")
		}
		res.EndString(early[s] + "address " + s.RemoteAddress() + "\n" + describe(s))
	})
	server.OnConnection(func(s *net.Socket) {
		early[s] = "early " + s.GetProtocol() + "\n"
		s.OnClose(func(bool) { delete(early, s) })
	})
	server.OnUpgrade(func(_ *http.ServerRequest, s *net.Socket, head []byte) {
		s.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		s.OnData(func(chunk []byte) { s.Write(chunk) })
		s.OnEnd(func() { fmt.Fprintln(os.Stderr, "upgraded: end"); s.End() })
		s.OnError(func(err error) { fmt.Fprintln(os.Stderr, "upgraded:", err) })
	})
	http.Run()
}

func describe(s *net.Socket) string {
	text := fmt.Sprintf("encrypted %v\nprotocol %s\nalpn %s\nname %s\nverified %v\n", s.Encrypted(), s.GetProtocol(), s.ALPNProtocol(), s.ServerName(), s.VerifyPeer())
	if c := s.GetPeerCertificate(); c != nil {
		text += "subject " + c.Subject + "\nnames " + strings.Join(c.SubjectAltNames, ",") + "\nserial " + c.SerialNumber + "\n"
	}
	return text
}
