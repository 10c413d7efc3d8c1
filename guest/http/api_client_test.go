//go:build !wasip1

package http_test

import (
	"time"

	"github.com/portholehttp/porthole/guest/http"
	"github.com/portholehttp/porthole/guest/net"
)

// The client's names, one for each entry of Node's document. What is here does not change.
var (
	_ func(http.RequestOptions, ...func(*http.ClientResponse)) *http.ClientRequest = http.Request
	_ func(string, ...func(*http.ClientResponse)) *http.ClientRequest              = http.RequestURL
	_ func(http.RequestOptions, ...func(*http.ClientResponse)) *http.ClientRequest = http.Get
	_ func(string, ...func(*http.ClientResponse)) *http.ClientRequest              = http.GetURL
	_ func(int, string) *http.Client                                               = http.CreateClient
	_ func(*http.Client, string, string, http.Headers) *http.ClientRequest         = (*http.Client).Request
	_ func() *http.Agent                                                           = http.NewAgent
	_ func(*http.Agent) map[string][]*net.Socket                                   = (*http.Agent).Sockets
	_ func(*http.Agent) map[string][]*http.ClientRequest                           = (*http.Agent).Requests
	_ func(*http.ClientRequest, func(*http.ClientResponse))                        = (*http.ClientRequest).OnResponse
	_ func(*http.ClientRequest, func(*net.Socket))                                 = (*http.ClientRequest).OnSocket
	_ func(*http.ClientRequest, func(*http.ClientResponse, *net.Socket, []byte))   = (*http.ClientRequest).OnConnect
	_ func(*http.ClientRequest, func(*http.ClientResponse, *net.Socket, []byte))   = (*http.ClientRequest).OnUpgrade
	_ func(*http.ClientRequest, func(http.Information))                            = (*http.ClientRequest).OnInformation
	_ func(*http.ClientRequest, time.Duration, ...func())                          = (*http.ClientRequest).SetTimeout
	_ func(*http.ClientRequest, ...bool)                                           = (*http.ClientRequest).SetNoDelay
	_ func(*http.ClientRequest, bool, time.Duration)                               = (*http.ClientRequest).SetSocketKeepAlive

	_ interface {
		http.Writable
		OnContinue(func())
		OnError(func(error))
		OnClose(func())
		OnTimeout(func())
		WriteString(string, ...string) bool
		EndString(string, ...string)
		Abort()
		SetHeader(string, ...string) error
		GetHeader(string) string
		GetHeaderValues(string) []string
		RemoveHeader(string) error
		AddTrailers(...http.Header) error
		FlushHeaders()
	} = (*http.ClientRequest)(nil)

	_ interface {
		OnData(func([]byte))
		OnEnd(func())
		OnClose(func(error))
		StatusCode() int
		HTTPVersion() string
		HTTPVersionMajor() int
		HTTPVersionMinor() int
		Headers() http.Headers
		Trailers() http.Headers
		SetEncoding(string) error
		Pause()
		Resume()
		Pipe(http.Writable)
	} = (*http.ClientResponse)(nil)

	_ = http.RequestOptions{
		Host: "", Hostname: "", Port: 0, LocalAddress: "", SocketPath: "", Method: "", Path: "",
		Headers: nil, Auth: "", Agent: http.NoAgent,
	}
	_ = &http.GlobalAgent.MaxSockets
)
