package main

import (
	"errors"
	"net"
	"strings"
)

// addresses is the value of --listen: a flag that may be repeated.
type addresses []string

const (
	defaultAddress = "127.0.0.1:8080"
	unixPrefix     = "unix:"
)

func (a *addresses) String() string { return strings.Join(*a, " ") }
func (a *addresses) Type() string   { return "address" }

func (a *addresses) Set(s string) error {
	if path, ok := strings.CutPrefix(s, unixPrefix); ok {
		if path == "" {
			return errors.New("want unix:/path")
		}
	} else if _, port, err := net.SplitHostPort(s); err != nil || port == "" {
		return errors.New("want host:port or unix:/path")
	}
	*a = append(*a, s)
	return nil
}

// list returns where to listen.
func (a addresses) list() []string {
	if len(a) == 0 {
		return []string{defaultAddress}
	}
	return a
}

// showAddress says where a listener is, as a URL if that exists.
func showAddress(a net.Addr) string {
	if a.Network() == "unix" {
		return unixPrefix + a.String()
	}
	return "http://" + a.String()
}
