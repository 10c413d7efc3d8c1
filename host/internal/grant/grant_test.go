package grant

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/portholehttp/porthole/internal/dialer"
)

var _ dialer.Policy = (*Set)(nil)

func set(t testing.TB, connect, listen string) *Set {
	t.Helper()
	s, err := Parse(strings.Fields(connect), strings.Fields(listen))
	require.NoError(t, err)
	return s
}

func TestDestination(t *testing.T) {
	for _, c := range []struct {
		rules   string
		yes, no string // host/port
	}{
		{"", "", "example.com/80 127.0.0.1/80 ::1/80 localhost/80"},
		{"example.com:443", "example.com/443 EXAMPLE.com/443 example.com./443",
			"example.com/80 a.example.com/443 example.com../443 notexample.com/443 example.com.evil/443 93.184.216.34/443"},
		{"Example.COM.:443", "example.com/443", ""},
		{"*.example.com:443", "a.example.com/443 b.A.example.com./443", "example.com/443 aexample.com/443 a.example.com/444 .example.comx/443"},
		{"*:443", "anything/443 localhost/443 1.2.3.4/443 ::1/443 127.0.0.1/443", "anything/80"},
		{"db:*", "db/1 db/65535", "db2/1"},
		{"10.0.0.0/8:5432", "10.1.2.3/5432 ::ffff:10.1.2.3/5432", "11.0.0.1/5432 10.1.2.3/80 ten.test/5432 10.1/5432"},
		{"127.0.0.1:80", "127.0.0.1/80 ::ffff:127.0.0.1/80 ::ffff:7f00:1/80", "127.0.0.2/80 localhost/80 127.1/80 2130706433/80 0x7f000001/80 ::1/80"},
		{"[::ffff:127.0.0.1]:80", "127.0.0.1/80", "::1/80"},
		{"[::1]:80", "::1/80 0:0::1/80", "127.0.0.1/80 ::2/80"},
		{"[fd00::/8]:*", "fd12::1/1 fd12::1%eth0/1", "fe80::1/1"},
		{"[fe80::/10]:*", "fe80::1%eth0/1", ""},
		{"localhost:80", "localhost/80 LOCALHOST./80", "127.0.0.1/80 a.localhost/80"},
		{"a_b-c.test:1", "a_b-c.test/1", ""},
	} {
		s := set(t, c.rules, "*:*")
		for i, list := range []string{c.yes, c.no} {
			for target := range strings.FieldsSeq(list) {
				host, port := cut(t, target)
				err := s.Destination("tcp", host, port)
				assert.Equal(t, i == 0, err == nil, "%q: %s", c.rules, target)
				assert.Error(t, s.Destination("unix", host, 0))
			}
		}
	}
}

// cut takes "host/port" apart.
func cut(t testing.TB, target string) (host string, port int) {
	t.Helper()
	host, number, ok := strings.Cut(target, "/")
	require.True(t, ok)
	_, n, err := split("x:"+number, 0)
	require.NoError(t, err)
	return host, n
}

func TestUnixPaths(t *testing.T) {
	s := set(t, "unix:/run/a.sock *:*", "unix:/run/b.sock *:* fd:3")
	assert.NoError(t, s.Destination("unix", "/run/a.sock", 0))
	assert.NoError(t, s.Address("unix", "/run/a.sock"))
	for _, path := range []string{"/run/b.sock", "/run/../run/a.sock", "/run/a.sock/", "run/a.sock", "/run/A.sock", "*", "a:1", ""} {
		assert.Error(t, s.Destination("unix", path, 0), path)
		assert.Error(t, s.Address("unix", path), path)
	}
	assert.NoError(t, s.Listen("unix", "/run/b.sock", 0))
	assert.Error(t, s.Listen("unix", "/run/a.sock", 0))
	assert.Error(t, s.Destination("udp", "a", 1))
	assert.Error(t, s.Listen("udp", "a", 1))
}

func TestUnixTrees(t *testing.T) {
	s := set(t, "unix:/run/a/*", "unix:/run/b/* unix:/*")
	for path, yes := range map[string]bool{
		"/run/a/s": true, "/run/a/b/c/s": true, "/run/a": false, "/run/a/": false, "/run/ab": false, "/run/a/../b": false,
		"/run/a/./s": false, "/run/a//s": false, "/run/a/s/": false, "run/a/s": false, "/run/a/..": false, "/run/a/*": true,
	} {
		assert.Equal(t, yes, s.Destination("unix", path, 0) == nil, path)
		assert.Equal(t, yes, s.Address("unix", path) == nil, path)
	}
	assert.NoError(t, s.Listen("unix", "/run/b/s", 0))
	assert.NoError(t, s.Listen("unix", "/elsewhere/s", 0))
	assert.Error(t, s.Listen("unix", "/run/../b/s", 0))
	assert.Error(t, s.Listen("tcp", "/run/b/s", 1))
}

func TestAddress(t *testing.T) {
	const ordinary = "1.2.3.4:80 10.0.0.1:80 192.168.1.1:80 [2001:db8::1]:80 [fd00::1]:80"
	const special = "127.0.0.1:80 127.9.9.9:80 [::1]:80 [::ffff:127.0.0.1]:80 169.254.169.254:80 [::ffff:a9fe:a9fe]:80 [fe80::1]:80 " +
		"[fe80::1%eth0]:80 0.0.0.0:80 0.1.2.3:80 [::]:80 [::ffff:0.0.0.0]:80 224.0.0.1:80 [ff02::1]:80 255.255.255.255:80"
	for _, c := range []struct {
		rules string
		yes   string // of the special ones
	}{
		{"*:*", ""},
		{"example.com:80 *.example.com:80", ""},
		{"localhost:80", "127.0.0.1:80 127.9.9.9:80 [::1]:80 [::ffff:127.0.0.1]:80"},
		{"localhost:*", "127.0.0.1:80 127.9.9.9:80 [::1]:80 [::ffff:127.0.0.1]:80"},
		{"localhost:81", ""},
		{"a.localhost:80 localhost.example.com:80", ""},
		{"127.0.0.1:80", "127.0.0.1:80 [::ffff:127.0.0.1]:80"},
		{"127.0.0.1:443", ""},
		{"[::1]:*", "[::1]:80"},
		{"169.254.169.254:80", "169.254.169.254:80 [::ffff:a9fe:a9fe]:80"},
		{"[fe80::/10]:80", "[fe80::1]:80 [fe80::1%eth0]:80"},
		{"0.0.0.0/0:*", "127.0.0.1:80 127.9.9.9:80 [::ffff:127.0.0.1]:80 169.254.169.254:80 [::ffff:a9fe:a9fe]:80 0.0.0.0:80 0.1.2.3:80 [::ffff:0.0.0.0]:80 224.0.0.1:80 255.255.255.255:80"},
	} {
		s := set(t, c.rules, "")
		for target := range strings.FieldsSeq(ordinary) {
			assert.NoError(t, s.Address("tcp", target), "%q: %s", c.rules, target)
		}
		yes := strings.Fields(c.yes)
		for target := range strings.FieldsSeq(special) {
			err := s.Address("tcp", target)
			if assert.Equal(t, slices.Contains(yes, target), err == nil, "%q: %s", c.rules, target); err != nil {
				assert.Contains(t, err.Error(), " address ")
			}
		}
	}
	assert.Error(t, set(t, "*:*", "").Address("tcp", "example.com:80"), "that is no address")
}

func TestListen(t *testing.T) {
	for _, c := range []struct{ rules, yes, no string }{
		{"", "", "/80 127.0.0.1/80"},
		{":8080", "/8080 127.0.0.1/8080 ::/8080 name/8080", "/0 /8081"},
		{"*:8080", "/8080 127.0.0.1/8080", "/0"},
		{"*:*", "/0 /1 ::1/65535", ""},
		{"127.0.0.1:*", "127.0.0.1/0 127.0.0.1/80 ::ffff:127.0.0.1/80", "/80 0.0.0.0/80 localhost/80"},
		{"127.0.0.1:0", "127.0.0.1/0", "127.0.0.1/1"},
		{"localhost:80", "localhost/80 Localhost/80", "127.0.0.1/80"},
		{"0.0.0.0:80", "0.0.0.0/80", "/80 127.0.0.1/80"},
		{"unix:/a fd:3", "", "/0 /3"},
	} {
		s := set(t, "*:*", c.rules)
		for i, list := range []string{c.yes, c.no} {
			for target := range strings.FieldsSeq(list) {
				host, port := cut(t, target)
				assert.Equal(t, i == 0, s.Listen("tcp", host, port) == nil, "%q: %s", c.rules, target)
			}
		}
	}
	s := set(t, "", "fd:3 *:4")
	assert.NoError(t, s.Listen("fd", "", 3))
	assert.Error(t, s.Listen("fd", "", 4))
}

func TestRulesThatAreWrong(t *testing.T) {
	for _, rule := range []string{
		"", "example.com", ":80", "example.com:", "example.com:0", "example.com:65536", "example.com:x", "example.com:-1", "a b:80", "exa*mple.com:80",
		"**.example.com:80", "*.*.com:80", "*.:80", "*.10.0.0.1:80", ".example.com:80", "example..com:80", "127.1:80", "2130706433:80", "a.0x7f:80",
		"::1:80", "[fe80::1%eth0]:80", "10.0.0.0/33:80", "10.0.0.0/:80", "10.0.0.1/8:80", "[::ffff:10.0.0.0/104]:80", "unix:", "unix", "http://example.com:80",
		"example.com:80\n", "exämple.com:80", strings.Repeat("a", 64) + ":80", strings.Repeat("a.", 127) + "com:80",
	} {
		_, err := Parse([]string{rule}, nil)
		assert.Error(t, err, rule)
	}
	for _, rule := range []string{"", "80", "127.0.0.1", "127.0.0.1:", "a b:1", ":65536", "10.0.0.0/8:80", "*.example.com:80", "unix:", "fd:", "fd:-1", "fd:x", "fd:2147483648"} {
		_, err := Parse(nil, []string{rule})
		assert.Error(t, err, rule)
	}
	s, err := Parse([]string{"a:1", "b", "c\n"}, []string{"d:1", "e"})
	require.Error(t, err)
	assert.NoError(t, s.Destination("tcp", "a", 1), "what is right counts")
	assert.Equal(t, []string{
		`host: the grant "b" to connect: ` + errConnect.Error(),
		`host: the grant "c\n" to connect: ` + errConnect.Error(),
		`host: the grant "e" to listen: ` + errListen.Error(),
	}, strings.Split(err.Error(), "\n"))
	_, err = Parse([]string{"10.0.0.1/8:80"}, nil)
	assert.ErrorContains(t, err, "such as 10.0.0.0/8")
}

func TestErrors(t *testing.T) {
	s := &Set{}
	for _, c := range []struct {
		err  error
		want string
	}{
		{s.Destination("tcp", "db.internal", 5432), `connecting to "db.internal:5432" needs the grant "connect": porthole serve --allow-connect db.internal:5432, or host.Grants.Connect`},
		{s.Destination("tcp", "::1", 80), `connecting to "[::1]:80" needs the grant "connect": porthole serve --allow-connect '[::1]:80', or host.Grants.Connect`},
		{s.Destination("tcp", "$(reboot)", 80), `connecting to "$(reboot):80" needs the grant "connect": porthole serve --allow-connect RULE, or host.Grants.Connect`},
		{s.Destination("tcp", "a'b]", 80), `connecting to "a'b]:80" needs the grant "connect": porthole serve --allow-connect RULE, or host.Grants.Connect`},
		{s.Destination("unix", "/a\nb", 0), `connecting to "unix:/a\nb" needs the grant "connect": porthole serve --allow-connect RULE, or host.Grants.Connect`},
		{s.Address("tcp4", "127.0.0.1:80"), `connecting to the loopback address "127.0.0.1:80" needs the grant "connect": porthole serve --allow-connect 127.0.0.1:80, or host.Grants.Connect`},
		{s.Address("tcp6", "[::ffff:169.254.169.254]:80"), `connecting to the link-local address "169.254.169.254:80" needs the grant "connect": porthole serve --allow-connect 169.254.169.254:80, or host.Grants.Connect`},
		{s.Listen("tcp", "", 80), `listening on ":80" needs the grant "listen": porthole serve --allow-listen :80, or host.Grants.Listen`},
		{s.Listen("fd", "", 3), `listening on "fd:3" needs the grant "listen": porthole serve --allow-listen fd:3, or host.Grants.Listen`},
	} {
		assert.EqualError(t, c.err, c.want)
	}
}

// Whatever a handler asks for: it is denied by no rules, and an address that is special is not reached by a name or "*".
func FuzzConnect(f *testing.F) {
	f.Add("example.com", uint16(80))
	f.Add("::ffff:127.0.0.1", uint16(80))
	f.Add("127.1", uint16(0))
	none, names := &Set{}, set(f, "*:* example.com:* *.example.com:*", "")
	f.Fuzz(func(t *testing.T, host string, port uint16) {
		require.Error(t, none.Destination("tcp", host, int(port)))
		require.Error(t, none.Destination("unix", host, 0))
		a, err := netip.ParseAddr(host)
		if err != nil {
			return
		}
		at := netip.AddrPortFrom(a, port).String()
		b := a.Unmap()
		local := b.IsLoopback() || b.IsLinkLocalUnicast() || b.IsUnspecified() || b.IsMulticast()
		require.False(t, local && names.Address("tcp", at) == nil, at)
	})
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ connect, listen, yes, no string }{
		{"", "", "", "example.com localhost"},
		{"example.com:443", "", "example.com EXAMPLE.com.", "a.example.com example.org"},
		{"*.example.com:443", "", "a.example.com", "example.com"},
		{"*:443", "", "example.com localhost", ""},
		{"10.0.0.0/8:* unix:/a", "fd:3 unix:/b", "", "example.com /a /b"},
		{"", "localhost:80", "localhost", "example.com"},
	} {
		s := set(t, c.connect, c.listen)
		for host := range strings.FieldsSeq(c.yes) {
			assert.NoError(t, s.Resolve(host), host)
		}
		for host := range strings.FieldsSeq(c.no) {
			assert.Error(t, s.Resolve(host), host)
		}
	}
	err := (&Set{}).Resolve("example.com")
	assert.EqualError(t, err, `resolving "example.com:*" needs the grant "connect": porthole serve --allow-connect 'example.com:*', or host.Grants.Connect`)
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	assert.Contains(t, refusal.For("run"), "porthole run --allow-connect")
}
