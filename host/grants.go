package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/portholehttp/porthole/host/internal/grant"
)

// Grants says what a handler may reach besides the requests it gets. The zero value grants nothing.
//
// What is denied fails in the handler with an error that names the missing grant, and is logged once for each address.
type Grants struct {
	// Connect lists what the handler may connect to, for requests of its own and for raw sockets:
	//
	//	db.internal:5432      a name and a port
	//	*.example.com:443     every name under a domain
	//	10.0.0.0/8:*          an address or a network, any port
	//	[::1]:6379            IPv6 in brackets
	//	*:443                 every name and address
	//	unix:/run/db.sock     a Unix socket, by exactly this path
	//
	// An address that belongs to this machine or its link is not reached by a name or by "*": loopback, link-local with
	// the metadata services of clouds, unspecified, multicast. It needs a rule of the address or its network; or for loopback the name
	// localhost. What counts is the address that is connected to, so whoever controls the DNS of a
	// granted name gains nothing by it (DNS rebinding). Other addresses, such as those of a private network, are reached by granted names.
	Connect []string

	// Listen lists what the handler may listen on itself, besides the server's own listeners:
	//
	//	127.0.0.1:8080        an address and a port
	//	localhost:*           a name as the handler gives it, any port, also one that the system chooses (0)
	//	:8080, *:8080         any address
	//	unix:/run/a.sock      a Unix socket
	//	fd:3                  a descriptor that the process has inherited
	Listen []string

	// Env is the environment that the handler sees: nothing else of the process's. Args are its arguments, after its name. They
	// are how it gets configuration and secrets. No name or value has a NUL byte, and no name a "=" or no bytes.
	Env  map[string]string
	Args []string

	// HostModules names those of Config.HostModules from which the handler may import. "*" means all.
	HostModules []string
}

// Validate reports all faults of g, joined.
func (g *Grants) Validate() error {
	_, err := grant.Parse(g.Connect, g.Listen)
	errs := []error{err}
	for name, value := range g.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			errs = append(errs, fmt.Errorf("host: the grant of the environment variable %q: not a name and a value", name))
		}
	}
	for i, arg := range g.Args {
		if strings.ContainsRune(arg, 0) {
			errs = append(errs, fmt.Errorf("host: the grant of argument %d: it has a NUL byte", i+1))
		}
	}
	return errors.Join(errs...)
}

// imports reports whether a host module is granted.
func (g *Grants) imports(module string) bool {
	return slices.Contains(g.HostModules, module) || slices.Contains(g.HostModules, "*")
}
