package http

// Request is http.request with an object: it begins a request, to which the callbacks listen for 'response'. The head can be
// changed until the first part of the body is written, and End must be called, also if there is no body.
//
//	req := http.Request(http.RequestOptions{Host: "example.org", Method: "POST", Path: "/upload"}, func(res *http.ClientResponse) {
//		res.OnData(func(chunk []byte) { … })
//	})
//	req.OnError(func(err error) { … })
//	req.WriteString("data\n")
//	req.End()
//
// In a plugin it takes the host's grant to connect there; without it the error is EACCES.
func Request(options RequestOptions, callback ...func(*ClientResponse)) *ClientRequest {
	return newClientRequest(&options, callback)
}

// RequestURL is http.request with a string: an absolute URL of http or https, whose user information becomes Auth. The
// code of its 'error' is ERR_INVALID_URL if it is none.
func RequestURL(url string, callback ...func(*ClientResponse)) *ClientRequest {
	options, err := parseURL(url)
	if err != nil {
		r := new(ClientRequest)
		r.init(callback)
		r.failLater(err)
		return r
	}
	return newClientRequest(&options, callback)
}

// Get is http.get with an object: Request with the method GET, and the call of End.
func Get(options RequestOptions, callback ...func(*ClientResponse)) *ClientRequest {
	options.Method = "GET"
	r := newClientRequest(&options, callback)
	r.End()
	return r
}

// GetURL is http.get with a string: RequestURL, and the call of End.
func GetURL(url string, callback ...func(*ClientResponse)) *ClientRequest {
	r := RequestURL(url, callback...)
	r.End()
	return r
}

// Client is what http.createClient returns: an agent of one connection, to one server.
//
// Deprecated: use Request.
type Client struct {
	agent   *Agent
	port    int
	host    string
	onError []func(error)
}

// CreateClient is http.createClient. Port and host have the defaults of RequestOptions.
//
// Deprecated: use Request.
func CreateClient(port int, host string) *Client {
	agent := NewAgent()
	agent.MaxSockets = 1
	return &Client{agent: agent, port: port, host: host}
}

// Request begins a request. The server's answers come in the order of the requests.
func (c *Client) Request(method, path string, headers Headers) *ClientRequest {
	r := newClientRequest(&RequestOptions{
		Host: c.host, Port: c.port, Method: method, Path: path, Headers: headers, Agent: c.agent,
	}, nil)
	r.client = c
	return r
}

// OnError adds a listener for the errors of all requests, which those tell their own listeners too.
func (c *Client) OnError(listener func(error)) { c.onError = append(c.onError, listener) }
