//go:build linux

// Command bare is the least that an HTTP server can do, as a measure for those that are one: a loop of epoll on one thread that reads once,
// looks for the ends of heads in what it has read and into nothing else, and writes as many copies of one response at once. There may be
// several such threads, which are dealt connections in turn, as a measure for servers with several loops.
//
//	bare -listen 127.0.0.1:8080 [-loops 2]
//
// It only serves a client that writes each request in one piece and without a body, and gives up at the first error.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello world\n"
	most     = 1024 // responses to what is read at a time
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address")
	loops := flag.Int("loops", 1, "threads that serve; 0: as many as there are CPUs")
	flag.Parse()
	if *loops == 0 {
		*loops = runtime.NumCPU()
	}
	log.Fatalln("bare:", serve(*listen, *loops))
}

func serve(listen string, loops int) error {
	address, err := netip.ParseAddrPort(listen)
	if err != nil {
		return err
	}
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if err := unix.SetsockoptInt(listener, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if err := unix.Bind(listener, &unix.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(listener, unix.SOMAXCONN); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	epolls := make([]int, loops)
	for i := range epolls {
		if epolls[i], err = unix.EpollCreate1(0); err != nil {
			return err
		}
	}
	if err := watch(epolls[0], listener); err != nil {
		return err
	}
	failed := make(chan error, loops)
	for _, epoll := range epolls {
		go func() { failed <- loop(epoll, listener, epolls) }()
	}
	return <-failed
}

// loop serves the connections that one epoll instance has. Where that has the listener too, new ones go to all in turn.
func loop(epoll, listener int, epolls []int) error {
	runtime.LockOSThread()
	accepted := 0
	buf := make([]byte, 64<<10)
	responses := bytes.Repeat([]byte(response), most)
	events := make([]unix.EpollEvent, 128)
	for {
		n, err := unix.EpollWait(epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait: %w", err)
		}
		for _, event := range events[:max(n, 0)] {
			if fd := int(event.Fd); fd == listener {
				err = accept(epolls[accepted%len(epolls)], listener)
				accepted++
			} else {
				err = answer(fd, buf, responses)
			}
			if err != nil {
				return err
			}
		}
	}
}

func watch(epoll, fd int) error {
	return unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func accept(epoll, listener int) error {
	fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ECONNABORTED) || errors.Is(err, unix.EINTR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	return watch(epoll, fd)
}

func answer(fd int, buf, responses []byte) error {
	n, err := unix.Read(fd, buf)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return nil
	}
	if err != nil || n == 0 {
		return unix.Close(fd) // the client has gone
	}
	size := bytes.Count(buf[:n], []byte("\r\n\r\n")) * len(response)
	if size > len(responses) {
		return errors.New("more requests at a time than expected")
	}
	written, err := unix.Write(fd, responses[:size])
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		return nil // the next read says so too
	}
	if err != nil || written < size {
		return fmt.Errorf("wrote %d of %d bytes: %w", written, size, err)
	}
	return nil
}
