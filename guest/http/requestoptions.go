package http

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/guest/internal/port"
	"github.com/portholehttp/porthole/guest/internal/text"
)

// RequestOptions are the options of http.request: where a request goes, and what its head is. The zero value is GET / of port 80
// on localhost.
//
// What is wrong with them is told by 'error' on the request: ERR_INVALID_PROTOCOL, ERR_SOCKET_BAD_PORT, ERR_OUT_OF_RANGE,
// ERR_INVALID_HTTP_TOKEN for a method or the name of a header, ERR_INVALID_CHAR for a value, ERR_UNESCAPED_CHARACTERS for a path.
type RequestOptions struct {
	Protocol     string  // "http:", which "" stands for, or "https:"
	Host         string  // name or address of the server: "localhost" by default
	Hostname     string  // preferred to Host
	Port         int     // 80 by default, with https: 443
	LocalAddress string  // address to connect from
	SocketPath   string  // a Unix socket in place of host and port. Without an Agent it is not pooled
	Method       string  // "GET" by default; put into upper case
	Path         string  // "/" by default, with the query. It is sent as it is
	Headers      Headers // sent in this order, followed by Host and Authorization unless they are among them
	Auth         string  // "user:password" for Basic authentication (RFC 7617)
	Agent        *Agent  // GlobalAgent by default; NoAgent for a connection of its own, which closes after the response

	Timeout time.Duration // as by ClientRequest.SetTimeout

	MaxHeaderSize   int // bytes of the response's status line and fields: 16 KiB by default, at most 1 MiB
	MaxHeadersCount int // field lines of the response that are kept, others are dropped: 1000 by default; negative: no limit

	// LenientObsFold joins folded field lines of the response (RFC 9112 §5.2). It opens response smuggling: another party on the
	// way may read the continuation as a field of its own.
	LenientObsFold bool
	// LenientBareLF lets LF without CR end a line of the response. It opens response smuggling: for another party the line goes on.
	LenientBareLF bool
	// LenientHeaderNames ignores white space between a field's name and its colon. It opens response smuggling: another party may
	// not know the field, say Transfer-Encoding, under that name.
	LenientHeaderNames bool

	// The rest is for https: alone.

	ServerName string // the name to ask for and to verify, if it is not the host
	CA         []byte // certificates to trust in place of the system's, PEM
	Cert, Key  []byte // the client's certificate chain and private key, PEM
	// InsecureSkipVerify takes any certificate of the server. It opens impersonation: whoever sits on the way can read and
	// change everything, credentials included.
	InsecureSkipVerify bool
}

// target is where a request goes.
type target struct {
	kind  uint16 // abi.ConnectTCP or ConnectUnix
	port  uint16
	tls   bool
	host  string // name, address or path
	local string
}

// target resolves the defaults of protocol, host and port.
func (o *RequestOptions) target() (t target, err error) {
	switch o.Protocol {
	case "", "http:":
		t.port = 80
	case "https:":
		t.port, t.tls = 443, true
	default:
		return t, port.NewError(codeProtocol, "protocol is neither http: nor https: "+quote(o.Protocol))
	}
	switch {
	case o.Port < 0 || o.Port > 65535:
		return t, errPort(o.Port)
	case o.Port > 0:
		t.port = uint16(o.Port)
	}
	t.local = o.LocalAddress
	switch {
	case o.SocketPath != "":
		t.kind, t.port, t.host = abi.ConnectUnix, 0, o.SocketPath
	default:
		t.host = o.hostname()
	}
	return t, nil
}

// hostname is the server's name or address, of IPv6 without brackets.
func (o *RequestOptions) hostname() string {
	host := o.Hostname
	if host == "" {
		host = o.Host
	}
	if host == "" {
		return "localhost"
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		return host[1 : n-1]
	}
	return host
}

// hostHeader is the value of Host: that of the target if it has an authority (RFC 9112 §3.2), else the server's name with its
// port, unless that is the default of the protocol.
func (o *RequestOptions) hostHeader(method, path string, t *target) string {
	if method == "CONNECT" {
		return path
	}
	if _, rest, ok := strings.Cut(path, "://"); ok && path[0] != '/' {
		authority, _ := splitPath(rest)
		return authority[strings.LastIndexByte(authority, '@')+1:]
	}
	host := o.hostname()
	if strings.Contains(host, ":") { // an IPv6 address; its zone has no meaning to others (RFC 6874 §1)
		host, _, _ = strings.Cut(host, "%")
		host = "[" + host + "]"
	}
	standard := uint16(80)
	if t.tls {
		standard = 443
	}
	if t.kind == abi.ConnectUnix || t.port == standard {
		return host
	}
	return host + ":" + strconv.Itoa(int(t.port))
}

// basic is the credentials of Basic authentication (RFC 7617 §2).
func basic(auth string) string {
	d := text.NewDecoder(text.Base64)
	credentials := "Basic " + string(d.Write(text.Bytes(auth)))
	return credentials + string(d.End()) // End uses the memory of Write again
}

// agent is the agent that the request goes by.
func (o *RequestOptions) agent() *Agent {
	switch {
	case o.Agent != nil:
		return o.Agent
	case o.SocketPath != "":
		return NoAgent
	}
	return GlobalAgent
}

// destination is the abi.Destination, valid until the next one is made.
func (o *RequestOptions) destination(t *target, a *Agent) ([]byte, error) {
	d := abi.Destination{Kind: t.kind, Port: t.port}
	if err := a.describe(&d); err != nil {
		return nil, err
	}
	switch {
	case o.MaxHeaderSize < 0 || o.MaxHeaderSize > abi.MaxHeaderBytesLimit:
		return nil, errRange("MaxHeaderSize", "negative, or more than 1 MiB")
	case o.Timeout < 0:
		return nil, errRange("Timeout", "negative")
	}
	d.MaxHeaderBytes = uint32(o.MaxHeaderSize)
	switch {
	case o.MaxHeadersCount == 0:
		d.MaxHeadersCount = abi.DefaultOptions.MaxHeadersCount
	case o.MaxHeadersCount > 0:
		d.MaxHeadersCount = uint32(min(o.MaxHeadersCount, math.MaxInt32))
	}
	d.Lenient = lenientBits(false, o.LenientObsFold, o.LenientBareLF, o.LenientHeaderNames, false)
	texts := abi.DestinationTexts{Host: text.Bytes(t.host), Local: text.Bytes(t.local)}
	if t.tls {
		d.Flags |= abi.DestinationTLS
		if o.InsecureSkipVerify {
			d.Flags |= abi.DestinationInsecure
		}
		texts.ServerName, texts.Roots, texts.Cert, texts.Key = text.Bytes(o.ServerName), o.CA, o.Cert, o.Key
	}
	record := port.Destination(&d, &texts)
	if len(record) > abi.MaxDestinationSize {
		return nil, errRange("the size of names and certificates", "more than 64 KiB")
	}
	return record, nil
}
