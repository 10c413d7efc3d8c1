package wasisock

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// An addrinfo: in the hints, and one for each result in a list that the program has made.
//
//	offset  size  field
//	0       2     flags
//	2       1     family
//	3       1     kind
//	4       4     protocol    0 any, 1 TCP, 2 UDP
//	8       4     size of the sockaddr
//	12      4     sockaddr
//	16      4     canonical name: not given
//	20      4     its size
//	24      4     the next addrinfo, 0 at the end
//
// A sockaddr:
//
//	0       4     family
//	4       4     size of the data
//	8       4     data: the port, big-endian, and the address
const (
	addrinfoSize = 28
	sockaddrSize = 12

	lookupPassive     = 1 << 0
	lookupNumericHost = 1 << 2
	lookupFlags       = 1<<7 - 1

	protocolAny = 0
	protocolTCP = 1
	protocolUDP = 2

	maxResults = 64
)

// lookup is what sock_getaddrinfo is asked for.
type lookup struct {
	host   string
	port   uint16
	flags  uint16
	family family
	kind   kind
}

// sockGetAddrInfo is sock_getaddrinfo(node, node_len, service, service_len, hints, list, list_len, result.count). It waits for
// the answer.
func (s *Sockets) sockGetAddrInfo(m memory, p []uint64) errno {
	node, ok1 := m.bytes(uint32(p[0]), uint32(p[1]))
	service, ok2 := m.bytes(uint32(p[2]), uint32(p[3]))
	hints, ok3 := m.bytes(uint32(p[4]), addrinfoSize)
	head, ok4 := m.word(uint32(p[5]))
	count, ok5 := m.word(uint32(p[7]))
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return errFault
	}
	most := uint32(p[6])
	if most == 0 {
		return errInval
	}
	places, ok := m.places(le.Uint32(head), min(most, maxResults))
	if !ok {
		return errFault
	}
	l, e := parseLookup(text(node), text(service), hints)
	if e != success {
		return e
	}
	found, e := s.lookupHost(&l)
	if e != success {
		return e
	}
	n := 0
	for _, a := range found {
		if n == len(places) {
			break
		}
		places[n].store(&l, a)
		n++
	}
	le.PutUint32(count, uint32(n))
	return success
}

// text is b up to a zero byte, which programs may end it with.
func text(b []byte) string {
	s, _, _ := strings.Cut(string(b), "\x00")
	return s
}

func parseLookup(node, service string, hints []byte) (l lookup, _ errno) {
	l = lookup{host: node, flags: le.Uint16(hints), family: family(hints[2]), kind: kind(hints[3])}
	protocol := le.Uint32(hints[4:])
	switch {
	case node == "" && service == "", l.flags&^lookupFlags != 0, l.family > familyIPv6, l.kind > kindStream:
		return l, errInval
	case l.kind == kindAny && protocol == protocolUDP:
		l.kind = kindDatagram
	case l.kind == kindAny:
		l.kind = kindStream
	}
	network := "tcp"
	switch {
	case protocol == protocolTCP && l.kind != kindStream, protocol == protocolUDP && l.kind != kindDatagram, protocol > protocolUDP:
		return l, errInval
	case l.kind == kindDatagram:
		network = "udp"
	}
	if service != "" {
		n, err := strconv.ParseUint(service, 10, 16)
		if err != nil {
			var port int
			port, err = net.LookupPort(network, service) // a table: it asks nobody
			n = uint64(port)
		}
		if err != nil {
			return l, errNoEnt
		}
		l.port = uint16(n)
	}
	return l, success
}

// lookupHost returns the addresses of a host, and remembers them if it is a name.
func (s *Sockets) lookupHost(l *lookup) ([]netip.Addr, errno) {
	if l.host == "" {
		return l.local(), success
	}
	if a, err := netip.ParseAddr(l.host); err == nil {
		if !l.wants(a) {
			return nil, errNoEnt
		}
		return []netip.Addr{a.WithZone("")}, success
	}
	if l.flags&lookupNumericHost != 0 {
		return nil, errNoEnt
	}
	found, e := s.lookupName(l.host)
	s.Check()
	if e != success {
		return nil, e
	}
	found = slices.DeleteFunc(found, func(a netip.Addr) bool { return !l.wants(a) })
	if len(found) == 0 {
		return nil, errNoEnt
	}
	return found, success
}

// lookupErrno tells a name that does not exist from one that cannot be looked up now.
func lookupErrno(err error) errno {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return errNoEnt
	}
	return errAgain
}

// local is what no host means: every address to listen on, the loopback to connect to. Programs listen on the first, or on
// each with the same port: so to listen, IPv6 is for those that ask for it.
func (l *lookup) local() []netip.Addr {
	list := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	switch {
	case l.flags&lookupPassive != 0 && l.family == familyIPv6:
		list = []netip.Addr{netip.IPv6Unspecified()}
	case l.flags&lookupPassive != 0:
		list = []netip.Addr{netip.IPv4Unspecified()}
	}
	return slices.DeleteFunc(list, func(a netip.Addr) bool { return !l.wants(a) })
}

func (l *lookup) wants(a netip.Addr) bool {
	return l.family == familyAny || a.Is4() == (l.family == familyIPv4)
}

// place is where a result goes.
type place struct{ info, address, data []byte }

// places follows the list of a program, of which the first is at ptr, and checks all that is in it.
func (m memory) places(ptr, most uint32) ([]place, bool) {
	var all []place
	for ; ptr != 0 && uint32(len(all)) < most; ptr = le.Uint32(all[len(all)-1].info[24:]) {
		info, ok1 := m.bytes(ptr, addrinfoSize)
		if !ok1 {
			return nil, false
		}
		address, ok2 := m.bytes(le.Uint32(info[12:]), sockaddrSize)
		if !ok2 {
			return nil, false
		}
		data, ok3 := m.bytes(le.Uint32(address[8:]), le.Uint32(address[4:]))
		if !ok3 || len(data) < 2+16 {
			return nil, false
		}
		all = append(all, place{info, address, data})
	}
	return all, true
}

// store writes a result.
func (p *place) store(l *lookup, a netip.Addr) {
	of, size := familyIPv4, uint32(2+4)
	if a.Is6() {
		of, size = familyIPv6, 2+16
	}
	protocol := uint32(protocolTCP)
	if l.kind == kindDatagram {
		protocol = protocolUDP
	}
	le.PutUint16(p.info, l.flags)
	p.info[2], p.info[3] = byte(of), byte(l.kind)
	le.PutUint32(p.info[4:], protocol)
	le.PutUint32(p.info[8:], sockaddrSize)
	le.PutUint32(p.info[20:], 0)
	le.PutUint32(p.address, uint32(of))
	le.PutUint32(p.address[4:], size)
	p.data[0], p.data[1] = byte(l.port>>8), byte(l.port)
	copy(p.data[2:], a.AsSlice())
}
