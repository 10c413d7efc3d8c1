//go:build !wasip1

package http_test

import (
	stdnet "net"
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
	"github.com/portholehttp/porthole/guest/timers"
)

// The names of the server, of sockets and of timers. What is here does not change.
var (
	_ map[int]string                                                                     = http.StatusCodes
	_ func(...func(*http.ServerRequest, *http.ServerResponse)) *http.Server              = http.CreateServer
	_ func(*http.Server, func(*http.ServerRequest, *http.ServerResponse))                = (*http.Server).OnRequest
	_ func(*http.Server, func(*net.Socket))                                              = (*http.Server).OnConnection
	_ func(*http.Server, func())                                                         = (*http.Server).OnClose
	_ func(*http.Server, func(*http.ServerRequest, *http.ServerResponse))                = (*http.Server).OnCheckContinue
	_ func(*http.Server, func(req *http.ServerRequest, socket *net.Socket, head []byte)) = (*http.Server).OnConnect
	_ func(*http.Server, func(req *http.ServerRequest, socket *net.Socket, head []byte)) = (*http.Server).OnUpgrade
	_ func(*http.Server, func(err error, socket *net.Socket))                            = (*http.Server).OnClientError
	_ func(*http.Server, func())                                                         = (*http.Server).OnListening
	_ func(*http.Server, func(error))                                                    = (*http.Server).OnError
	_ func(*http.Server, int, ...http.ListenOption)                                      = (*http.Server).Listen
	_ func(*http.Server, string, ...http.ListenOption)                                   = (*http.Server).ListenPath
	_ func(*http.Server, any, ...http.ListenOption)                                      = (*http.Server).ListenHandle
	_ func(*http.Server, ...func())                                                      = (*http.Server).Close
	_                                                                                    = []http.ListenOption{http.Hostname(""), http.Backlog(511), http.Callback(func() {})}
	_ any                                                                                = http.FD(3)
	_                                                                                    = func(s *http.Server) (stdnet.Addr, *int) { return s.Address(), &s.MaxHeadersCount }
	_                                                                                    = func(r *http.ServerResponse) (*int, *bool) { return &r.StatusCode, &r.SendDate }
	_ http.Writable                                                                      = (*http.ServerResponse)(nil)
	_ http.Writable                                                                      = (*net.Socket)(nil)
	_ func(port int, host string, callback ...func()) *net.Socket                        = net.Connect
	_ func(path string, callback ...func()) *net.Socket                                  = net.ConnectPath
	_ func(time.Duration, func()) *timers.Timer                                          = timers.SetTimeout
	_ func(time.Duration, func()) *timers.Timer                                          = timers.SetInterval
	_ func(*timers.Timer)                                                                = (*timers.Timer).Clear

	_ interface {
		OnData(func(chunk []byte))
		OnEnd(func())
		OnClose(func())
		Method() string
		URL() string
		Headers() http.Headers
		Trailers() http.Headers
		HTTPVersion() string
		HTTPVersionMajor() int
		HTTPVersionMinor() int
		SetEncoding(string) error
		Pause()
		Resume()
		Connection() *net.Socket
		Pipe(http.Writable)
	} = (*http.ServerRequest)(nil)

	_ interface {
		OnClose(func())
		OnDrain(func())
		WriteContinue()
		WriteHead(statusCode int, headers ...http.Header) error
		WriteHeadReason(statusCode int, reason string, headers ...http.Header) error
		SetHeader(name string, value ...string) error
		GetHeader(name string) string
		GetHeaderValues(name string) []string
		RemoveHeader(name string) error
		Write(chunk []byte) bool
		WriteString(s string, encoding ...string) bool
		AddTrailers(headers ...http.Header) error
		End(data ...[]byte)
		EndString(s string, encoding ...string)
		WriteProcessing()
		WriteEarlyHints(headers ...http.Header) error
	} = (*http.ServerResponse)(nil)

	_ interface {
		OnData(func([]byte))
		OnEnd(func())
		OnClose(func(hadError bool))
		OnDrain(func())
		OnError(func(error))
		OnTimeout(func())
		Write([]byte) bool
		WriteString(string, ...string) bool
		End(...[]byte)
		Destroy()
		Pause()
		Resume()
		Pipe(net.Writable)
		SetTimeout(time.Duration, ...func())
		SetNoDelay(...bool)
		SetKeepAlive(bool, time.Duration)
		RemoteAddress() string
		RemotePort() int
		LocalAddress() string
		LocalPort() int
		VerifyPeer() bool
		GetPeerCertificate() *net.Certificate
		AgentRemove()
	} = (*net.Socket)(nil)

	_ interface {
		Get(string) string
		Values(string) []string
		Has(string) bool
		Set(name, value string)
		Add(name, value string)
		Del(string)
	} = (*http.Headers)(nil)
)
