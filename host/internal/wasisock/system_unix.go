//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package wasisock

import (
	"errors"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// retry makes a system call again that a signal has interrupted.
func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func openSocket(f family, k kind) (int, errno) {
	domains := map[family]int{familyIPv4: unix.AF_INET, familyIPv6: unix.AF_INET6, familyUnix: unix.AF_UNIX}
	kinds := map[kind]int{kindStream: unix.SOCK_STREAM, kindDatagram: unix.SOCK_DGRAM}
	domain, ok1 := domains[f]
	typ, ok2 := kinds[k]
	switch {
	case !ok1:
		return -1, errAFNoSupport
	case !ok2:
		return -1, errProtoType
	}
	fd, err := systemSocket(domain, typ)
	if err != nil {
		return -1, errnoOf(err)
	}
	if f != familyUnix && k == kindStream {
		// As package net does. The extension has no option for it; what is accepted inherits it.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	return fd, success
}

// closeSocket closes, and removes the path that a listener has made.
func closeSocket(k *socket) errno {
	e := errnoOf(unix.Close(k.fd))
	if k.path != "" && k.path[0] != '@' {
		if info, err := os.Lstat(k.path); err == nil && info.Mode().Type() == os.ModeSocket {
			_ = os.Remove(k.path)
		}
	}
	return e
}

func systemAddress(a *address) unix.Sockaddr {
	switch a.family {
	case familyIPv4:
		return &unix.SockaddrInet4{Addr: a.ip.Addr().As4(), Port: int(a.ip.Port())}
	case familyIPv6:
		return &unix.SockaddrInet6{Addr: a.ip.Addr().As16(), Port: int(a.ip.Port())}
	}
	return &unix.SockaddrUnix{Name: a.path}
}

func addressOf(sa unix.Sockaddr) address {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return ipAddress(netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)))
	case *unix.SockaddrInet6:
		return ipAddress(netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port)))
	case *unix.SockaddrUnix:
		if sa.Name == "@" { // what package unix makes of none
			return address{family: familyUnix}
		}
		return address{family: familyUnix, path: sa.Name}
	}
	return address{}
}

func bindSocket(k *socket, a *address) errno {
	return errnoOf(unix.Bind(k.fd, systemAddress(a)))
}

func listenSocket(k *socket, backlog int) errno { return errnoOf(unix.Listen(k.fd, backlog)) }

func acceptSocket(k *socket) (fd int, e errno) {
	err := retry(func() (err error) {
		fd, err = systemAccept(k.fd)
		return err
	})
	return fd, errnoOf(err)
}

func connectSocket(k *socket, a *address) errno {
	err := unix.Connect(k.fd, systemAddress(a))
	if errors.Is(err, unix.EINTR) {
		err = unix.EINPROGRESS // it goes on
	}
	return errnoOf(err)
}

// socketError returns SO_ERROR and clears it.
func socketError(k *socket) errno {
	n, err := unix.GetsockoptInt(k.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	return errnoOf(err)
}

func shutdownSocket(k *socket, how uint32) errno {
	to := map[uint32]int{shutReading: unix.SHUT_RD, shutWriting: unix.SHUT_WR, shutReading | shutWriting: unix.SHUT_RDWR}
	return errnoOf(unix.Shutdown(k.fd, to[how]))
}

func localAddress(k *socket) (address, errno) {
	sa, err := unix.Getsockname(k.fd)
	return addressOf(sa), errnoOf(err)
}

func peerAddress(k *socket) (address, errno) {
	sa, err := unix.Getpeername(k.fd)
	return addressOf(sa), errnoOf(err)
}

// receiveFrom receives into buffers, of which there is at least one. short is receiveIsShort for a datagram that was longer.
func receiveFrom(k *socket, buffers [][]byte, flags uint32, whose bool) (n int, short uint32, from address, e errno) {
	if len(buffers) == 1 && flags == 0 && !whose {
		err := retry(func() (err error) {
			n, err = unix.Read(k.fd, buffers[0])
			return err
		})
		return max(n, 0), 0, address{}, errnoOf(err)
	}
	system := 0
	if flags&receivePeek != 0 {
		system |= unix.MSG_PEEK
	}
	if flags&receiveAll != 0 {
		system |= unix.MSG_WAITALL
	}
	var out int
	var sa unix.Sockaddr
	err := retry(func() (err error) {
		n, _, out, sa, err = unix.RecvmsgBuffers(k.fd, buffers, nil, system)
		return err
	})
	if err == nil && out&unix.MSG_TRUNC != 0 {
		short = receiveIsShort
	}
	return max(n, 0), short, addressOf(sa), errnoOf(err)
}

// sendTo sends buffers, of which there is at least one, to an address, or if it is nil to the peer.
func sendTo(k *socket, buffers [][]byte, to *address) (n int, e errno) {
	var sa unix.Sockaddr
	if to != nil {
		sa = systemAddress(to)
	}
	err := retry(func() (err error) {
		if len(buffers) == 1 && to == nil {
			n, err = unix.Write(k.fd, buffers[0])
		} else {
			n, err = unix.SendmsgBuffers(k.fd, buffers, nil, sa, 0)
		}
		return err
	})
	return max(n, 0), errnoOf(err)
}

// replaceByPair puts one end of a pair in the place of the host's socket, and returns the other.
func replaceByPair(k *socket) (net.Conn, errno) {
	pair, err := systemPair()
	if err != nil {
		return nil, errnoOf(err)
	}
	f := os.NewFile(uintptr(pair[1]), "nameserver")
	conn, err := net.FileConn(f) // a copy
	_ = f.Close()
	if err != nil {
		_ = unix.Close(pair[0])
		return nil, errIO
	}
	_ = unix.Close(k.fd)
	k.fd = pair[0]
	return conn, success
}

// await waits for a blocking socket.
func (s *Sockets) await(k *socket, want readiness) {
	s.poller.await(k.fd, want)
	s.Check()
}

var options = map[uint32]int{
	optionReuseAddress:  unix.SO_REUSEADDR,
	optionBroadcast:     unix.SO_BROADCAST,
	optionSendBuffer:    unix.SO_SNDBUF,
	optionReceiveBuffer: unix.SO_RCVBUF,
	optionKeepAlive:     unix.SO_KEEPALIVE,
}

func getOption(k *socket, name uint32) (uint32, errno) {
	option, ok := options[name]
	if !ok {
		return 0, errNoProtoOpt
	}
	n, err := unix.GetsockoptInt(k.fd, unix.SOL_SOCKET, option)
	return uint32(n), errnoOf(err)
}

// setOption sets one that is in options.
func setOption(k *socket, name uint32, value int) errno {
	return errnoOf(unix.SetsockoptInt(k.fd, unix.SOL_SOCKET, options[name], value))
}
