package grant

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// form says what the target of a rule is.
type form int

const (
	formAny     form = iota // "*": every name and address
	formName                // name: a host name in lower case, without a dot at its end
	formDomain              // name: ".example.com", the end of the names it stands for
	formNetwork             // network: an address is a network of one
	formPath                // name: of a Unix socket
	formTree                // name: "/dir/", the beginning of the paths of Unix sockets
	formFD                  // port: an inherited descriptor
)

// rule is one grant.
type rule struct {
	form    form
	name    string
	network netip.Prefix // of plain IPv4 where it is that
	port    int          // anyPort, or a number
}

const anyPort = -1

// How rules look.
var (
	errConnect = errors.New("want HOST:PORT, where HOST is a name, *.DOMAIN, an address, a network such as 10.0.0.0/8, or *, and PORT a number or *; or unix:/path or unix:/dir/*")
	errListen  = errors.New("want HOST:PORT, where HOST is an address, a name, or * or nothing for all, and PORT a number or *; or unix:/path or unix:/dir/*, or fd:N")
)

const (
	unixPrefix = "unix:"
	fdPrefix   = "fd:"
)

func parseConnect(text string) (rule, error) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		return parsePath(path)
	}
	host, port, err := split(text, 1)
	if err != nil || host == "" {
		return rule{}, errConnect
	}
	r, ok := parseHost(host)
	if domain, is := strings.CutPrefix(host, "*."); is {
		r, ok = rule{form: formDomain, name: "." + canonical(domain)}, validName(canonical(domain))
	}
	if network, err := netip.ParsePrefix(host); err == nil {
		if network != network.Masked() {
			return rule{}, fmt.Errorf("want a network without bits after its prefix, such as %v", network.Masked())
		}
		r, ok = rule{form: formNetwork, network: network}, !network.Addr().Is4In6()
	}
	if !ok {
		return rule{}, errConnect
	}
	r.port = port
	return r, nil
}

func parseListen(text string) (rule, error) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		return parsePath(path)
	}
	if number, ok := strings.CutPrefix(text, fdPrefix); ok {
		fd, err := strconv.ParseUint(number, 10, 31)
		if err != nil {
			return rule{}, errListen
		}
		return rule{form: formFD, port: int(fd)}, nil
	}
	host, port, err := split(text, 0)
	if err != nil {
		return rule{}, errListen
	}
	if host == "" {
		host = "*"
	}
	r, ok := parseHost(host)
	if !ok {
		return rule{}, errListen
	}
	r.port = port
	return r, nil
}

func parsePath(socket string) (rule, error) {
	if socket == "" || strings.ContainsRune(socket, 0) {
		return rule{}, errors.New("want unix:/path")
	}
	if dir, ok := strings.CutSuffix(socket, "/*"); ok {
		return rule{form: formTree, name: dir + "/"}, nil
	}
	return rule{form: formPath, name: socket}, nil
}

// split takes "HOST:PORT" apart. The port is at least least, or anyPort.
func split(text string, least uint64) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(text)
	if err != nil || number == "*" {
		return host, anyPort, err
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err == nil && n < least {
		err = strconv.ErrRange
	}
	return host, int(n), err
}

// parseHost reads what a rule to connect and one to listen have in common.
func parseHost(host string) (r rule, ok bool) {
	if host == "*" {
		return rule{form: formAny}, true
	}
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		return rule{form: formNetwork, network: netip.PrefixFrom(a, a.BitLen())}, a.Zone() == ""
	}
	name := canonical(host)
	return rule{form: formName, name: name}, validName(name)
}

// canonical returns a name as rules have it.
func canonical(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ".")
}

// validName reports whether name is a host name in lower case. One that ends like an address is none: the system's resolver may
// take it for one (127.1).
func validName(name string) bool {
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(name) <= 253 && strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(last, "0x")
}

// address parses what may be an address, as rules have it.
func address(host string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(host)
	return a.Unmap().WithZone(""), err == nil
}

// hosts reports whether r stands for a name or an address.
func (r *rule) hosts(host string) bool {
	if r.form == formAny {
		return true
	}
	if a, ok := address(host); ok {
		return r.form == formNetwork && r.network.Contains(a)
	}
	name := canonical(host)
	return r.form == formName && r.name == name || r.form == formDomain && strings.HasSuffix(name, r.name)
}

// isAt reports whether r stands for the path of a Unix socket. What is below a directory must say so plainly.
func (r *rule) isAt(socket string) bool {
	switch r.form {
	case formPath:
		return r.name == socket
	case formTree:
		return strings.HasPrefix(socket, r.name) && path.Clean(socket) == socket
	}
	return false
}

func (r *rule) allows(port int) bool { return r.port == anyPort || r.port == port }
