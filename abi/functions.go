package abi

// ValueType is a type of a parameter or result.
type ValueType byte

// The two types that cross the ABI. Pointers, sizes and numbers are I32; handles and times are I64.
const (
	I32 ValueType = 0x7f
	I64 ValueType = 0x7e
)

// Function is one function of the contract, named from the guest's side.
type Function struct {
	Module  string // import module; empty for an export of the guest
	Name    string
	Params  []ValueType
	Results []ValueType
}

// StackImports are all functions that stack.wasm may import from the host, besides WASI.
var StackImports = []Function{
	{ModuleSock, "socket_listen", types(I64, I32, I32), types(I64)},
	{ModuleSock, "socket_write", types(I64, I32, I32), types(I64)},
	{ModuleSock, "socket_shutdown", types(I64), types(I32)},
	{ModuleSock, "socket_close", types(I64, I32), types(I32)},
	{ModuleSock, "socket_pause", types(I64), types(I32)},
	{ModuleSock, "socket_resume", types(I64), types(I32)},
	{ModuleSock, "timer_set", types(I64), nil},
	{ModuleSock, "clock_now", nil, types(I64)},
	{ModuleHTTP, "event_emit", types(I32, I32, I64, I64, I32, I32, I32, I32), nil},
	{ModuleSock, "socket_connect", types(I64, I32, I32), types(I64)},
	{ModuleSock, "socket_set_option", types(I64, I32, I64), types(I32)},
}

// StackExports are the functions that stack.wasm must export.
var StackExports = []Function{
	{"", "on_receive_buffer", types(I32), types(I32)},
	{"", "on_inbox", types(I32), types(I32)},
	{"", "on_listener_open", types(I64, I32), types(I32)},
	{"", "on_socket_accept", types(I64, I64, I64), nil},
	{"", "on_socket_data", types(I64, I32, I64), nil},
	{"", "on_socket_end", types(I64, I64), nil},
	{"", "on_socket_writable", types(I64, I64), nil},
	{"", "on_socket_close", types(I64, I32, I64), nil},
	{"", "on_timer", types(I64), nil},
	{"", "on_turn", types(I64), nil},
	{"", "on_operation", types(I32, I64, I32, I32, I32, I64), types(I64)},
	{"", "on_socket_connect", types(I64, I32, I32, I64), nil},
	{"", "on_handle", types(I32, I64, I32), types(I64)},
}

// HandlerImports are all functions that a handler may import from the host, besides WASI.
var HandlerImports = []Function{
	{ModuleHTTP, "response_send", types(I64, I32, I32, I32, I32, I32), types(I32)},
	{ModuleHTTP, "response_inform", types(I64, I32, I32), types(I32)},
	{ModuleHTTP, "request_pause", types(I64), types(I32)},
	{ModuleHTTP, "request_resume", types(I64), types(I32)},
	{ModuleHTTP, "exchange_abort", types(I64), types(I32)},
	{ModuleHTTP, "server_listen", types(I32, I32, I32), types(I32)},
	{ModuleHTTP, "server_close", types(I32), types(I32)},
	{ModuleHTTP, "server_listeners", types(I32, I32), types(I32)},
	{ModuleHTTP, "request_open", types(I32, I32), types(I64)},
	{ModuleHTTP, "request_send", types(I64, I32, I32, I32, I32, I32), types(I32)},
	{ModuleHTTP, "socket_open", types(I32, I32), types(I64)},
	{ModuleHTTP, "socket_of", types(I64), types(I64)},
	{ModuleHTTP, "socket_send", types(I64, I32, I32, I32), types(I32)},
	{ModuleHTTP, "socket_set", types(I64, I32, I64), types(I32)},
	{ModuleHTTP, "socket_info", types(I64, I32, I32), types(I32)},
	{ModuleHTTP, "timer_set", types(I64), nil},
	{ModuleHTTP, "exchange_pipe", types(I64, I64), types(I32)},
}

// HandlerExports are the functions that a handler must export, besides its memory.
var HandlerExports = []Function{
	{"", "on_start", nil, nil},
	{"", "on_inbox", types(I32), types(I32)},
	{"", "on_event", types(I32, I32, I64, I32, I32), nil},
}

func types(t ...ValueType) []ValueType { return t }
