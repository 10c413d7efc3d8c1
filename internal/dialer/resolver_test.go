package dialer

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
)

// names is a DNS server of one test: it answers each query for a name with the next list of addresses, and with the last one from
// then on. A name that it does not know does not exist; one with an empty list cannot be resolved at the moment.
type names struct {
	mu    sync.Mutex
	lists map[string][][]netip.Addr
}

// resolver returns a Resolver that asks n, over pipes.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go n.serve(server)
		return client, nil
	}}
}

// serve answers queries that are framed as over TCP (RFC 1035 §4.2.2), until the peer closes.
func (n *names) serve(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		answer := n.answer(query)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

const (
	typeA       = 1
	typeAAAA    = 28
	serverFault = 2
	noSuchName  = 3
)

// answer makes the answer to a query with one question (RFC 1035 §4.1).
func (n *names) answer(query []byte) []byte {
	var labels []string
	at := 12
	for ; query[at] != 0; at += 1 + int(query[at]) {
		labels = append(labels, string(query[at+1:at+1+int(query[at])]))
	}
	kind := binary.BigEndian.Uint16(query[at+1:])
	question := query[12 : at+5]

	code, addresses := n.next(strings.Join(labels, "."), kind == typeA)
	answer := append([]byte(nil), query[:2]...)
	answer = append(answer, 0x81, 0x80|code, 0, 1, 0, 0, 0, 0, 0, 0)
	answer = append(answer, question...)
	for _, a := range addresses {
		if a.Is4() == (kind == typeA) {
			answer[7]++
			answer = append(answer, 0xc0, 12, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(a.AsSlice())))
			answer = append(answer, a.AsSlice()...)
		}
	}
	return answer
}

// next returns what a query is answered with. A query for IPv4 addresses comes with one for IPv6, which is counted as the same.
func (n *names) next(name string, counts bool) (code byte, addresses []netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	lists, ok := n.lists[name]
	switch {
	case !ok:
		return noSuchName, nil
	case len(lists) == 0:
		return serverFault, nil
	}
	if counts && len(lists) > 1 {
		n.lists[name] = lists[1:]
	}
	return 0, lists[0]
}

// fixed makes names that do not change.
func fixed(of map[string]string) *names {
	n := &names{lists: map[string][][]netip.Addr{}}
	for name, list := range of {
		n.lists[name] = [][]netip.Addr{}
		if list != "" {
			var addresses []netip.Addr
			for a := range strings.FieldsSeq(list) {
				addresses = append(addresses, netip.MustParseAddr(a))
			}
			n.lists[name] = [][]netip.Addr{addresses}
		}
	}
	return n
}
