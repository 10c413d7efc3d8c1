package handler

import (
	"strconv"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// peer tells what is known of the connection, in lines.
func (h *Handler) peer(req *http.ServerRequest, res *http.ServerResponse, _ query) {
	s := req.Connection()
	lines := []string{
		"remote " + s.RemoteAddress() + " " + strconv.Itoa(s.RemotePort()),
		"local " + s.LocalAddress() + " " + strconv.Itoa(s.LocalPort()),
		"verified " + strconv.FormatBool(s.VerifyPeer()),
	}
	if c := s.GetPeerCertificate(); c != nil {
		lines = append(lines, "subject "+c.Subject, "names "+strings.Join(c.SubjectAltNames, ","), "fingerprint "+c.Fingerprint256)
	}
	res.EndString(strings.Join(lines, "\n") + "\n")
}
