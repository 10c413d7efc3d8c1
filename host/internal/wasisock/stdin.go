package wasisock

import (
	"context"

	"github.com/tetratelabs/wazero/api"
)

// stdin is the program's standard input, which wazero reads. Reading may take for ever, so it is waited for here, where
// Interrupt ends the wait.
type stdin struct {
	file     File
	socket   *socket // what stands for it in the poller, nil if it is always ready
	nonblock bool    // the program has said so
}

// standard returns file, which is wazero's function name, with what has to be done for the standard input.
func (s *Sockets) standard(name string, file api.GoModuleFunction) api.GoModuleFunction {
	switch {
	case s.stdin.file == nil:
	case name == "fd_read":
		return api.GoModuleFunc(func(ctx context.Context, m api.Module, p []uint64) {
			if uint32(p[0]) == 0 && !s.stdin.nonblock {
				s.poller.await(int(s.stdin.file.Fd()), readable)
				s.Check()
			}
			file.Call(ctx, m, p)
		})
	case name == "fd_fdstat_set_flags":
		return api.GoModuleFunc(func(ctx context.Context, m api.Module, p []uint64) {
			fd, flags := uint32(p[0]), uint32(p[1])
			file.Call(ctx, m, p)
			if fd == 0 && p[0] == 0 {
				s.stdin.nonblock = flags&flagNonblock != 0
			}
		})
	}
	return file
}
