// Package wasisock gives an unmodified WASI program sockets: the socket extension that WasmEdge added to
// wasi_snapshot_preview1, and a poll_oneoff that waits for sockets and clocks. All else of WASI is wazero's.
//
//	program ──► sock_open sock_bind … ──► judge: grant.Set and the names that were resolved ──► system call
//	        ──► fd_read fd_write fd_close … ──► a socket: here │ a file: wazero
//	        ──► poll_oneoff ──► poller ──► epoll (Linux) or poll(2) ◄── Interrupt
//
// The descriptors of sockets are firstFD and above, where wazero's table of files does not reach. All sockets of the host
// are non-blocking; a program that has not set FDFLAGS_NONBLOCK is made to wait here, where Interrupt ends the wait.
//
// # What a program may reach
//
// The rules are those of package grant. A handler names its peer and the host resolves the name; a program resolves it
// first, by sock_getaddrinfo, and connects to an address later. So the two halves of the judgement meet here like this:
//
//	sock_getaddrinfo   a name is resolved if some rule, for whatever port, names it. The addresses that come out are
//	                   remembered together with the name.
//	sock_connect       an address is allowed if a rule grants the address itself, or if it is remembered and a rule
//	                   grants its name with this port. And then, whatever granted it, an address of this machine or
//	                   its link needs a rule of its own, so that a granted name may not be led there (DNS rebinding).
//	sock_send_to       each datagram like a connection.
//	sock_bind          an address, or a name it is remembered by, and its port need a rule to listen.
//	sock_listen        on a socket that is not bound is a bind to every address and any port.
//
// TCP and UDP are alike to the rules. A path of a Unix socket is judged as the program wrote it.
//
// One Sockets belongs to one program. All its methods but Interrupt are for the goroutine that runs the program.
package wasisock
