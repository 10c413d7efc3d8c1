//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package wasisock

import "net"

// Here New fails, and nothing else of this file is ever called.

type poller struct{ round uint64 }

type polled struct{}

func (*poller) open() error                           { return ErrUnsupported }
func (*poller) close()                                {}
func (*poller) wake()                                 {}
func (*poller) begin()                                {}
func (*poller) watch(*socket) error                   { return ErrUnsupported }
func (*poller) forget(*socket)                        {}
func (*poller) await(int, readiness)                  {}
func (*poller) wait(int64, func() int64) (int, error) { return 0, ErrUnsupported }
func (*Sockets) await(*socket, readiness)             {}

func errnoOf(err error) errno {
	if err == nil {
		return success
	}
	return errNotSup
}

func openSocket(family, kind) (int, errno)      { return -1, errNotSup }
func closeSocket(*socket) errno                 { return errNotSup }
func bindSocket(*socket, *address) errno        { return errNotSup }
func listenSocket(*socket, int) errno           { return errNotSup }
func acceptSocket(*socket) (int, errno)         { return -1, errNotSup }
func connectSocket(*socket, *address) errno     { return errNotSup }
func socketError(*socket) errno                 { return errNotSup }
func shutdownSocket(*socket, uint32) errno      { return errNotSup }
func localAddress(*socket) (address, errno)     { return address{}, errNotSup }
func peerAddress(*socket) (address, errno)      { return address{}, errNotSup }
func getOption(*socket, uint32) (uint32, errno) { return 0, errNotSup }
func setOption(*socket, uint32, int) errno      { return errNotSup }

func receiveFrom(*socket, [][]byte, uint32, bool) (int, uint32, address, errno) {
	return 0, 0, address{}, errNotSup
}

func replaceByPair(*socket) (net.Conn, errno) { return nil, errNotSup }

func sendTo(*socket, [][]byte, *address) (int, errno) { return 0, errNotSup }
