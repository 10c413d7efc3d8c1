package main

import (
	"crypto/sha1"
	"encoding/base64"
	"strings"

	"github.com/portholehttp/porthole/guest/http"
)

// handshake returns the Sec-WebSocket-Accept for a request, or the answer that refuses it: RFC 6455 §4.2.
func handshake(req *http.ServerRequest) (accept, refusal string) {
	headers := req.Headers()
	key := headers.Get("sec-websocket-key")
	nonce, err := base64.StdEncoding.DecodeString(key)
	switch {
	case !strings.EqualFold(headers.Get("upgrade"), "websocket"):
		return "", refuse("426 Upgrade Required", "Upgrade: websocket")
	case headers.Get("sec-websocket-version") != "13":
		return "", refuse("426 Upgrade Required", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
	case req.Method() != "GET":
		return "", refuse("405 Method Not Allowed", "Allow: GET")
	case err != nil || len(nonce) != 16 || len(headers.Values("sec-websocket-key")) != 1:
		return "", refuse("400 Bad Request")
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:]), ""
}

// refuse is an answer without a body, after which the connection ends.
func refuse(status string, fields ...string) string {
	fields = append(fields, "Connection: close", "Content-Length: 0")
	return "HTTP/1.1 " + status + "\r\n" + strings.Join(fields, "\r\n") + "\r\n\r\n"
}
