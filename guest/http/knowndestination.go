package http

import "time"

// knownDestination is where an agent's last request went, for the next one is mostly like it. It is never changed.
type knownDestination struct {
	options RequestOptions // without what says nothing about the destination
	target  target
	record  []byte

	// The agent's fields, as they were.
	maxSockets, maxFreeSockets int
	keepAlive                  bool
	keepAliveTimeout           time.Duration
}

// remember keeps what came of o for the next request of a. Certificates are not compared: what has any is not kept.
func (a *Agent) remember(o *RequestOptions, t *target, record []byte) {
	if a == NoAgent || len(o.CA)+len(o.Cert)+len(o.Key) > 0 {
		return
	}
	k := &knownDestination{
		options: *o, target: *t, record: append([]byte(nil), record...),
		maxSockets: a.MaxSockets, maxFreeSockets: a.MaxFreeSockets, keepAlive: a.KeepAlive, keepAliveTimeout: a.KeepAliveTimeout,
	}
	k.options.Method, k.options.Path, k.options.Auth, k.options.Headers, k.options.Agent = "", "", "", nil, nil
	a.known = k
}

// is reports whether a request with these options goes to the same destination on the same terms.
func (k *knownDestination) is(o *RequestOptions, a *Agent) bool {
	p := &k.options
	return same(o.Host, p.Host) && o.Port == p.Port && same(o.Hostname, p.Hostname) && same(o.Protocol, p.Protocol) &&
		same(o.LocalAddress, p.LocalAddress) && same(o.SocketPath, p.SocketPath) && same(o.ServerName, p.ServerName) &&
		o.MaxHeaderSize == p.MaxHeaderSize && o.MaxHeadersCount == p.MaxHeadersCount && o.InsecureSkipVerify == p.InsecureSkipVerify &&
		o.LenientObsFold == p.LenientObsFold && o.LenientBareLF == p.LenientBareLF && o.LenientHeaderNames == p.LenientHeaderNames &&
		len(o.CA)+len(o.Cert)+len(o.Key) == 0 && o.Timeout >= 0 &&
		a.MaxSockets == k.maxSockets && a.MaxFreeSockets == k.maxFreeSockets && a.KeepAlive == k.keepAlive && a.KeepAliveTimeout == k.keepAliveTimeout
}
