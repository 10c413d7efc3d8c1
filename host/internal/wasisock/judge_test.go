//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

// names resolves names for a test.
type names struct {
	of    map[string]string
	asked atomic.Int32
}

func (n *names) LookupNetIP(_ context.Context, _, host string) (all []netip.Addr, err error) {
	n.asked.Add(1)
	list, known := n.of[host]
	if !known {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if list == "" {
		return nil, &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
	}
	for text := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParseAddr(text))
	}
	return all, nil
}

// resolving makes a guest that has a resolver.
func resolving(t *testing.T, connect, listen string, of map[string]string) (*guest, *names) {
	n := &names{of: of}
	return newGuest(t, "program.wasm", connect, listen, func(c *Config) { c.Resolver = n }), n
}

// lookup calls sock_getaddrinfo with 4 places, and returns what it finds as "family kind address:port".
func (g *guest) lookup(host, service string, flags uint16, f family, k kind) ([]string, errno) {
	g.t.Helper()
	var places []uint32
	next := uint32(0)
	for range 4 {
		next = g.result(next)
		places = append([]uint32{next}, places...)
	}
	hints := make([]byte, addrinfoSize)
	le.PutUint16(hints, flags)
	hints[2], hints[3] = byte(f), byte(k)
	count := g.room(4)
	node, port := []byte(host+"\x00more"), []byte(service)
	e := g.call("sock_getaddrinfo", g.put(node), uint32(len(node)), g.put(port), uint32(len(port)), g.put(hints), g.put(bytesOf(next)), 4, count)
	if e != success {
		return nil, e
	}
	var found []string
	for _, p := range places[:g.word(count)] {
		info := g.bytes(p, addrinfoSize)
		address := g.bytes(le.Uint32(info[12:]), sockaddrSize)
		data := g.bytes(le.Uint32(address[8:]), le.Uint32(address[4:]))
		a, ok := netip.AddrFromSlice(data[2:])
		require.True(g.t, ok)
		require.Equal(g.t, uint32(info[2]), le.Uint32(address))
		found = append(found, fmt.Sprintf("%d %d %v", info[2], info[3], netip.AddrPortFrom(a, uint16(data[0])<<8|uint16(data[1]))))
	}
	return found, success
}

func TestLookup(t *testing.T) {
	g, n := resolving(t, "some.test:80", "local.test:*", map[string]string{
		"some.test": "203.0.113.1 2001:db8::1 ::ffff:203.0.113.2", "local.test": "203.0.113.9", "bad.test": "", "many.test": strings.Repeat("203.0.113.7 ", 100),
	})
	for _, c := range []struct {
		host, service string
		flags         uint16
		family        family
		kind          kind
		want          string
		e             errno
	}{
		{"some.test", "80", 0, 0, 0, "1 2 203.0.113.1:80, 2 2 [2001:db8::1]:80, 1 2 203.0.113.2:80", success},
		{"some.test", "", 0, familyIPv4, kindDatagram, "1 1 203.0.113.1:0, 1 1 203.0.113.2:0", success},
		{"some.test", "443", 0, familyIPv6, kindStream, "2 2 [2001:db8::1]:443", success},
		{"some.test", "http", 0, familyIPv6, kindStream, "2 2 [2001:db8::1]:80", success},
		{"some.test", "no such service", 0, 0, 0, "", errNoEnt},
		{"some.test", "65536", 0, 0, 0, "", errNoEnt},
		{"some.test", "80", lookupNumericHost, 0, 0, "", errNoEnt},
		{"local.test", "80", 0, 0, 0, "1 2 203.0.113.9:80", success},
		{"local.test", "80", 0, familyIPv6, 0, "", errNoEnt},
		{"other.test", "80", 0, 0, 0, "", errAcces},
		{"1.2.3.4", "80", lookupNumericHost, 0, 0, "1 2 1.2.3.4:80", success},
		{"::1", "80", 0, 0, 0, "2 2 [::1]:80", success},
		{"::1", "80", 0, familyIPv4, 0, "", errNoEnt},
		{"", "80", lookupPassive, 0, 0, "1 2 0.0.0.0:80", success},
		{"", "80", lookupPassive, familyIPv6, 0, "2 2 [::]:80", success},
		{"", "80", 0, 0, 0, "1 2 127.0.0.1:80, 2 2 [::1]:80", success},
		{"", "", 0, 0, 0, "", errInval},
		{"some.test", "80", 1 << 9, 0, 0, "", errInval},
		{"some.test", "80", 0, familyUnix, 0, "", errInval},
		{"some.test", "80", 0, 0, 3, "", errInval},
	} {
		found, e := g.lookup(c.host, c.service, c.flags, c.family, c.kind)
		assert.Equal(t, c.e, e, "%+v", c)
		assert.Equal(t, c.want, strings.Join(found, ", "), "%+v", c)
		g.top = 1024
	}
	assert.Equal(t, []string{`resolving "other.test:*" needs the grant "connect": porthole serve --allow-connect 'other.test:*', or host.Grants.Connect`}, g.denied)
	assert.EqualValues(t, 6, n.asked.Load(), "what is not granted, or no name, is not looked up")

	g, _ = resolving(t, "*:*", "", map[string]string{"bad.test": "", "many.test": strings.Repeat("203.0.113.7 ", 100)})
	_, e := g.lookup("bad.test", "80", 0, 0, 0)
	assert.Equal(t, errAgain, e)
	_, e = g.lookup("missing.test", "80", 0, 0, 0)
	assert.Equal(t, errNoEnt, e)
	found, _ := g.lookup("many.test", "80", 0, 0, 0)
	assert.Len(t, found, 4, "as there are places")
}

// What may be connected to and bound to, before and after names were resolved.
func TestJudge(t *testing.T) {
	lists := map[string]string{"a.test": "203.0.113.1 127.0.0.1 169.254.169.254", "b.test": "203.0.113.1", "lan.test": "10.1.2.3", "localhost": "127.0.0.1"}
	for _, c := range []struct {
		connect, listen, resolved string
		yes, no                   string // addresses to connect to
		bind, noBind              string
	}{
		{"", "", "", "", "203.0.113.1:80 127.0.0.1:80 [::1]:80", "", "127.0.0.1:0 0.0.0.0:0 [::]:80"},
		{"a.test:80", "", "", "", "203.0.113.1:80", "", ""},
		{"a.test:80", "", "a.test", "203.0.113.1:80 [::ffff:203.0.113.1]:80", "203.0.113.1:81 203.0.113.2:80 127.0.0.1:80 169.254.169.254:80", "", "203.0.113.1:80"},
		{"a.test:80 b.test:81", "", "a.test b.test", "203.0.113.1:80 203.0.113.1:81", "203.0.113.1:82", "", ""},
		{"a.test:80 127.0.0.1:80", "", "a.test", "203.0.113.1:80 127.0.0.1:80", "127.0.0.1:81 169.254.169.254:80", "", ""},
		{"lan.test:*", "", "lan.test", "10.1.2.3:1", "10.1.2.4:1", "", ""},
		{"*:*", "", "a.test", "203.0.113.1:80 8.8.8.8:53", "127.0.0.1:80 169.254.169.254:80 0.0.0.0:80 [::]:80 224.0.0.1:80", "", ""},
		{"localhost:80", "", "localhost", "127.0.0.1:80", "127.0.0.1:81 127.0.0.2:80 [::1]:80", "", ""},
		{"localhost:80", "", "", "", "127.0.0.1:80", "", ""},
		{"0.0.0.0/0:*", "", "", "127.0.0.1:80 0.0.0.0:80 169.254.169.254:80", "[::1]:80", "", ""},
		{"", ":8080", "", "", "", "0.0.0.0:8080 127.0.0.1:8080 [::]:8080", "0.0.0.0:0 127.0.0.1:80"},
		{"", "127.0.0.1:0", "", "", "127.0.0.1:1", "127.0.0.1:0", "0.0.0.0:0 127.0.0.1:1"},
		{"", "localhost:*", "localhost", "", "127.0.0.1:80", "127.0.0.1:80 127.0.0.1:0", "127.0.0.2:0"},
		{"", "localhost:*", "", "", "", "", "127.0.0.1:80"},
	} {
		g, _ := resolving(t, c.connect, c.listen, lists)
		for name := range strings.FieldsSeq(c.resolved) {
			_, e := g.lookup(name, "", 0, 0, 0)
			require.Equal(t, success, e, "%+v", c)
		}
		check := func(judge func(*address) errno, list string, want errno) {
			for text := range strings.FieldsSeq(list) {
				a := ipAddress(netip.MustParseAddrPort(text))
				assert.Equal(t, want, judge(&a), "%+v: %s", c, text)
			}
		}
		check(g.sockets.connectable, c.yes, success)
		check(g.sockets.connectable, c.no, errAcces)
		check(g.sockets.listenable, c.bind, success)
		check(g.sockets.listenable, c.noBind, errAcces)
	}
}

// sock_listen without sock_bind is a bind to everywhere.
func TestListenUnbound(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "127.0.0.1:*")
	assert.Equal(t, errAcces, g.call("sock_listen", g.open(familyIPv4, kindStream), 1))
	assert.Equal(t, errAcces, g.call("sock_listen", g.open(familyIPv6, kindStream), 1))
	assert.Equal(t, errNotSup, g.call("sock_listen", g.open(familyIPv4, kindDatagram), 1))
	g = newGuest(t, "program.wasm", "", "0.0.0.0:0")
	fd := g.open(familyIPv4, kindStream)
	g.must("sock_listen", fd, 1)
	assert.NotZero(t, g.port(fd))
}

// Each refusal is told once, and not without end.
func TestRefusalsAreTold(t *testing.T) {
	g := newGuest(t, "program.wasm", "", "")
	for range 3 {
		for i := range 2 * maxDenied {
			a := ipAddress(netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 80))
			require.Equal(t, errAcces, g.sockets.connectable(&a))
		}
	}
	assert.Len(t, g.denied, maxDenied)
}

func TestResolvedIsBounded(t *testing.T) {
	var r resolved
	address := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	for i := range 3 * maxResolved {
		r.add(address(i), "name")
	}
	assert.Len(t, r.names, maxResolved)
	assert.Len(t, r.order, maxResolved)
	assert.Empty(t, r.of(address(2*maxResolved-1)), "the oldest are forgotten")
	assert.NotEmpty(t, r.of(address(2*maxResolved)))
	for i := range 2 * maxNames {
		r.add(address(0), fmt.Sprint(i))
		r.add(address(0), fmt.Sprint(i))
	}
	assert.Len(t, r.of(address(0)), maxNames)
	assert.Contains(t, r.of(address(0)), fmt.Sprint(2*maxNames-1))
}

func TestDatagram(t *testing.T) {
	g := newGuest(t, "program.wasm", "127.0.0.1:*", "127.0.0.1:*")
	a, portA := g.listen(kindDatagram)
	b, portB := g.listen(kindDatagram)
	size, flags, port, from := g.room(4), g.room(4), g.room(4), g.storage(0, "")

	g.must("sock_send_to", a, g.vectors([]byte("he"), []byte("llo")), 2, g.storage(familyIPv4, "\x7f\x00\x00\x01"), uint32(portB), 0, size)
	assert.EqualValues(t, 5, g.word(size))
	g.wait(subscription{subscribeRead, b})
	buffer := g.vectors(make([]byte, 3))
	g.must("sock_recv_from", b, buffer, 1, from, 0, port, size, flags)
	assert.Equal(t, "hel", string(g.bytes(g.word(buffer), 3)))
	assert.EqualValues(t, receiveIsShort, g.word(flags))
	assert.EqualValues(t, portA, g.word(port))
	assert.Equal(t, []byte{1, 0, 127, 0, 0, 1}, g.bytes(g.word(from), 6))
	assert.Equal(t, errAgain, g.call("sock_recv_from", b, buffer, 1, from, 0, port, size, flags))

	assert.Equal(t, errAcces, g.call("sock_send_to", a, buffer, 1, g.at("203.0.113.1"), 9, 0, size))
	assert.Equal(t, errAFNoSupport, g.call("sock_send_to", a, buffer, 1, g.at("::1"), 9, 0, size))
	assert.Equal(t, errDestAddrReq, g.call("fd_write", a, buffer, 1, size))
	assert.Equal(t, errInval, g.call("sock_send_to", a, buffer, 1, g.at("127.0.0.1"), 9, 1, size), "no flags")
	stream := g.open(familyIPv4, kindStream)
	assert.Equal(t, errIsConn, g.call("sock_send_to", stream, buffer, 1, g.at("127.0.0.1"), 9, 0, size))
}

// The host answers queries to port 53 of the loopback.
func TestNameserver(t *testing.T) {
	lists := map[string]string{"some.test": "203.0.113.1 2001:db8::1", "bad.test": "", "many.test": strings.Repeat("203.0.113.7 ", 100)}
	g, n := resolving(t, "some.test:80 bad.test:80 many.test:80 missing.test:80", "", lists)
	fd := g.open(familyIPv4, kindDatagram)
	g.must("sock_connect", fd, g.at("127.0.0.1"), 53)
	assert.EqualValues(t, 53, g.peerPort(fd))
	ask := func(query []byte) (m dnsmessage.Message) {
		size := g.room(4)
		g.must("fd_write", fd, g.vectors(query), 1, size)
		g.wait(subscription{subscribeRead, fd})
		buffer, from, port, flags := g.vectors(make([]byte, 600)), g.storage(0, ""), g.room(4), g.room(4)
		g.must("sock_recv_from", fd, buffer, 1, from, 0, port, size, flags)
		assert.EqualValues(t, 53, g.word(port))
		require.NoError(t, m.Unpack(g.bytes(g.word(buffer), g.word(size))))
		require.EqualValues(t, 77, m.ID)
		require.True(t, m.Response)
		return m
	}
	query := func(name string, of dnsmessage.Type, class dnsmessage.Class, op dnsmessage.OpCode) []byte {
		m := dnsmessage.Message{Header: dnsmessage.Header{ID: 77, RecursionDesired: true, OpCode: op}, Questions: []dnsmessage.Question{
			{Name: dnsmessage.MustNewName(name), Type: of, Class: class},
		}}
		b, err := m.Pack()
		require.NoError(t, err)
		return b
	}
	for _, c := range []struct {
		name    string
		of      dnsmessage.Type
		answers int
		code    dnsmessage.RCode
	}{
		{"some.test.", dnsmessage.TypeA, 1, dnsmessage.RCodeSuccess},
		{"some.test.", dnsmessage.TypeAAAA, 1, dnsmessage.RCodeSuccess},
		{"some.test.", dnsmessage.TypeMX, 0, dnsmessage.RCodeSuccess},
		{"many.test.", dnsmessage.TypeA, maxAnswers, dnsmessage.RCodeSuccess},
		{"many.test.", dnsmessage.TypeAAAA, 0, dnsmessage.RCodeSuccess},
		{"missing.test.", dnsmessage.TypeA, 0, dnsmessage.RCodeNameError},
		{"bad.test.", dnsmessage.TypeA, 0, dnsmessage.RCodeServerFailure},
		{"other.test.", dnsmessage.TypeA, 0, dnsmessage.RCodeRefused},
	} {
		m := ask(query(c.name, c.of, dnsmessage.ClassINET, 0))
		assert.Equal(t, c.code, m.RCode, "%+v", c)
		assert.Len(t, m.Answers, c.answers, "%+v", c)
	}
	assert.Equal(t, dnsmessage.RCodeNotImplemented, ask(query("some.test.", dnsmessage.TypeA, dnsmessage.ClassCHAOS, 0)).RCode)
	assert.Equal(t, dnsmessage.RCodeNotImplemented, ask(query("some.test.", dnsmessage.TypeA, dnsmessage.ClassINET, 5)).RCode)
	asked := n.asked.Load()

	// What is no query gets nothing; the next one is answered.
	size := g.room(4)
	reply := query("some.test.", dnsmessage.TypeA, dnsmessage.ClassINET, 0)
	reply[2] |= 0x80
	for _, bad := range [][]byte{nil, []byte("x"), reply, reply[:20], make([]byte, 12), make([]byte, 5000)} {
		g.must("fd_write", fd, g.vectors(bad), 1, size)
	}
	ask(query("some.test.", dnsmessage.TypeA, dnsmessage.ClassINET, 0))
	assert.EqualValues(t, asked+1, n.asked.Load())

	a := ipAddress(netip.MustParseAddrPort("203.0.113.1:80"))
	assert.Equal(t, success, g.sockets.connectable(&a), "it is remembered")
	g.must("fd_close", fd)

	fd = g.open(familyIPv6, kindDatagram)
	g.must("sock_send_to", fd, g.vectors(query("some.test.", dnsmessage.TypeA, dnsmessage.ClassINET, 0)), 1, g.at("::1"), 53, 0, size)
	g.wait(subscription{subscribeRead, fd})
	assert.Equal(t, errAcces, g.call("sock_connect", g.open(familyIPv4, kindStream), g.at("127.0.0.1"), 53), "not by TCP")
	assert.Equal(t, errAcces, g.call("sock_connect", g.open(familyIPv4, kindDatagram), g.at("203.0.113.9"), 53), "not elsewhere")
}

// A name server that is granted is asked itself.
func TestNameserverOfTheSystem(t *testing.T) {
	g, _ := resolving(t, "127.0.0.1:53", "", nil)
	fd := g.open(familyIPv4, kindDatagram)
	g.must("sock_connect", fd, g.at("127.0.0.1"), 53)
	assert.Nil(t, g.sockets.table.find(fd).server)
}

// slow is a resolver that waits for its context.
type slow struct{ begun chan struct{} }

func (s slow) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	close(s.begun)
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestInterruptLookup(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := slow{make(chan struct{})}
	g := newGuest(t, "program.wasm", "*:*", "", func(c *Config) { c.Context, c.Resolver = ctx, s })
	context.AfterFunc(ctx, g.sockets.Interrupt)
	go func() {
		<-s.begun
		cancel()
	}()
	node := g.put([]byte("some.test"))
	_, err := g.try("sock_getaddrinfo", node, 9, 0, 0, g.room(addrinfoSize), g.put(bytesOf(g.result(0))), 1, g.room(4))
	if err == nil { // Interrupt comes a moment later
		<-ctx.Done()
	}
}
