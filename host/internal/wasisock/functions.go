package wasisock

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// ModuleName is what a program imports, and nothing else.
const ModuleName = wasi_snapshot_preview1.ModuleName

const i32 = api.ValueTypeI32

// function is one that a program may import. All return an errno.
type function struct {
	name   string
	params []api.ValueType
	call   func(s *Sockets, m memory, p []uint64) errno
}

// extension lists WasmEdge's functions. A name that is in it twice has had two signatures: a program gets the one that it
// imports. Those of the second layout have names with _v2 too.
var extension = []function{
	{"sock_open", words(3), (*Sockets).sockOpen},
	{"sock_open_v2", words(3), (*Sockets).sockOpen},
	{"sock_bind", words(3), (*Sockets).sockBind},
	{"sock_bind_v2", words(3), (*Sockets).sockBind},
	{"sock_listen", words(2), (*Sockets).sockListen},
	{"sock_listen_v2", words(2), (*Sockets).sockListen},
	{"sock_accept", words(2), (*Sockets).sockAcceptOld},
	{"sock_accept_v2", words(3), (*Sockets).sockAccept},
	{"sock_connect", words(3), (*Sockets).sockConnect},
	{"sock_connect_v2", words(3), (*Sockets).sockConnect},
	{"sock_recv_v2", words(6), (*Sockets).sockRecv},
	{"sock_recv_from", words(7), (*Sockets).sockRecvFromOld},
	{"sock_recv_from", words(8), (*Sockets).sockRecvFrom},
	{"sock_recv_from_v2", words(8), (*Sockets).sockRecvFrom},
	{"sock_send_v2", words(5), (*Sockets).sockSend},
	{"sock_send_to", words(7), (*Sockets).sockSendTo},
	{"sock_send_to_v2", words(7), (*Sockets).sockSendTo},
	{"sock_getlocaladdr", words(4), (*Sockets).sockLocalAddrOld},
	{"sock_getlocaladdr", words(3), (*Sockets).sockLocalAddr},
	{"sock_getlocaladdr_v2", words(3), (*Sockets).sockLocalAddr},
	{"sock_getpeeraddr", words(4), (*Sockets).sockPeerAddrOld},
	{"sock_getpeeraddr", words(3), (*Sockets).sockPeerAddr},
	{"sock_getpeeraddr_v2", words(3), (*Sockets).sockPeerAddr},
	{"sock_getsockopt", words(5), (*Sockets).sockGetOption},
	{"sock_setsockopt", words(5), (*Sockets).sockSetOption},
	{"sock_getaddrinfo", words(8), (*Sockets).sockGetAddrInfo},
	{"poll_oneoff", words(4), (*Sockets).pollOneoff},
	{"fd_renumber", words(2), (*Sockets).fdRenumber},
}

// shared lists functions of WASI that take any descriptor: what is no socket is wazero's.
var shared = []function{
	{"fd_read", words(4), (*Sockets).fdRead},
	{"fd_write", words(4), (*Sockets).fdWrite},
	{"fd_close", words(1), (*Sockets).fdClose},
	{"fd_fdstat_get", words(2), (*Sockets).fdStatGet},
	{"fd_fdstat_set_flags", words(2), (*Sockets).fdStatSetFlags},
	{"fd_filestat_get", words(2), (*Sockets).fdFilestatGet},
	{"sock_accept", words(3), (*Sockets).sockAccept},
	{"sock_recv", words(6), (*Sockets).sockRecv},
	{"sock_send", words(5), (*Sockets).sockSend},
	{"sock_shutdown", words(2), (*Sockets).sockShutdown},
}

func words(n int) []api.ValueType { return slices.Repeat([]api.ValueType{i32}, n) }

// UnknownImportError says what a program wants that there is not.
type UnknownImportError struct {
	Module, Name string
	Params       []api.ValueType
}

func (e *UnknownImportError) Error() string {
	if e.Module != ModuleName {
		return fmt.Sprintf("import %s.%s: there is no such module, only %s", e.Module, e.Name, ModuleName)
	}
	return fmt.Sprintf("import %s.%s with %d parameters: there is no such function", e.Module, e.Name, len(e.Params))
}

// ErrNoMemory is a program without what WASI works on.
var ErrNoMemory = errors.New("export memory: missing")

// Register adds WASI for one program to a runtime, in the signatures that the program imports. The error is an
// *UnknownImportError if it imports something else, or ErrNoMemory. Modules in others are somebody else's to add.
func (s *Sockets) Register(ctx context.Context, r wazero.Runtime, program wazero.CompiledModule, others ...string) error {
	if program.ExportedMemories()["memory"] == nil {
		return ErrNoMemory
	}
	exporter := wasi_snapshot_preview1.NewFunctionExporter()
	plain := r.NewHostModuleBuilder(ModuleName)
	exporter.ExportFunctions(plain)
	compiled, err := plain.Compile(ctx)
	if err != nil {
		return err
	}
	files := compiled.ExportedFunctions()

	b := r.NewHostModuleBuilder(ModuleName)
	exporter.ExportFunctions(b)
	for _, imported := range program.ImportedFunctions() {
		module, name, _ := imported.Import()
		if slices.Contains(others, module) {
			continue
		}
		if f := s.choose(name, imported.ParamTypes(), files); f != nil && module == ModuleName {
			b.NewFunctionBuilder().WithGoModuleFunction(f, imported.ParamTypes(), []api.ValueType{i32}).Export(name)
		} else if module != ModuleName || files[name] == nil {
			return &UnknownImportError{module, name, imported.ParamTypes()}
		}
	}
	_, err = b.Instantiate(ctx)
	return err
}

// choose returns what a program is to call, nil if that is wazero's function or none.
func (s *Sockets) choose(name string, params []api.ValueType, files map[string]api.FunctionDefinition) api.GoModuleFunction {
	is := func(f function) bool { return f.name == name && slices.Equal(f.params, params) }
	if i := slices.IndexFunc(extension, is); i >= 0 {
		return s.function(extension[i].call)
	}
	file, _ := definition(files[name])
	if i := slices.IndexFunc(shared, is); i >= 0 {
		return s.either(s.function(shared[i].call), s.standard(name, file))
	}
	return nil
}

// definition returns the Go function behind one that wazero exports.
func definition(d api.FunctionDefinition) (api.GoModuleFunction, bool) {
	if d == nil {
		return nil, false
	}
	f, ok := d.GoFunction().(api.GoModuleFunction)
	return f, ok
}

// function makes f one of the host's.
func (s *Sockets) function(f func(*Sockets, memory, []uint64) errno) api.GoModuleFunc {
	return func(_ context.Context, m api.Module, p []uint64) {
		s.Check()
		p[0] = uint64(f(s, memory{m.Memory()}, p))
	}
}

// either calls socket for the descriptor of a socket, and file for any other.
func (s *Sockets) either(socket api.GoModuleFunc, file api.GoModuleFunction) api.GoModuleFunc {
	return func(ctx context.Context, m api.Module, p []uint64) {
		if isSocket(uint32(p[0])) {
			socket(ctx, m, p)
			return
		}
		s.Check()
		file.Call(ctx, m, p)
	}
}
