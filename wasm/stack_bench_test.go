package wasm_test

import (
	"context"
	"os"
	"testing"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/internal/workload"
	"github.com/portholehttp/porthole/wasm"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// bareHost is the least a host can be: it counts what the stack writes and keeps the last exchange.
type bareHost struct {
	written  uint64
	exchange []uint64
}

func (h *bareHost) call(name string) api.GoModuleFunc {
	switch name {
	case "socket_write":
		return func(_ context.Context, _ api.Module, s []uint64) {
			s[0] = uint64(api.DecodeU32(s[2]))
			h.written += s[0]
		}
	case "event_emit":
		return func(_ context.Context, _ api.Module, s []uint64) { h.exchange = append(h.exchange, s[2]) }
	default:
		return func(_ context.Context, _ api.Module, s []uint64) {
			if len(s) > 0 {
				s[0] = 0
			}
		}
	}
}

// BenchmarkStack is the price of the stack's part of an exchange: stack.wasm with nothing around it.
// BenchmarkExchange of guest/stack is the same code natively.
func BenchmarkStack(b *testing.B) {
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	h := &bareHost{}
	modules := map[string]wazero.HostModuleBuilder{}
	for _, f := range abi.StackImports {
		m := modules[f.Module]
		if m == nil {
			m = r.NewHostModuleBuilder(f.Module)
			modules[f.Module] = m
		}
		m.NewFunctionBuilder().WithGoModuleFunction(h.call(f.Name), valueTypes(f.Params), valueTypes(f.Results)).Export(f.Name)
	}
	for _, m := range modules {
		_, err := m.Instantiate(ctx)
		require.NoError(b, err)
	}
	stack, err := r.InstantiateWithConfig(ctx, wasm.Stack, wazero.NewModuleConfig().WithStderr(os.Stderr).WithStartFunctions("_initialize"))
	require.NoError(b, err)
	call := func(name string, args ...uint64) uint64 {
		results, err := stack.ExportedFunction(name).Call(ctx, args...)
		require.NoError(b, err)
		return append(results, 0)[0]
	}
	put := func(at uint64, p []byte) {
		if !stack.Memory().Write(uint32(at), p) { // not require, which costs more than what is measured
			b.Fatal("outside of memory")
		}
	}

	const listener, socket = 1<<32 | 1, 1<<32 | 2
	receive := call("on_receive_buffer", 64<<10)
	put(call("on_inbox", 4096), abi.Append(nil, &abi.DefaultOptions))
	require.Zero(b, api.DecodeU32(call("on_listener_open", listener, abi.OptionsSize)))
	call("on_socket_accept", socket, listener, 1)

	const name, value, body = "Content-Type", "text/plain", "hello world\n"
	head := abi.Append(nil, &abi.ResponseHead{TextOffset: abi.ResponseHeadSize + abi.FieldSize, FieldCount: 1, Status: 200})
	head = abi.AppendFields(head, []abi.Field{{NameSize: uint32(len(name)), ValueOffset: uint32(len(name)), ValueSize: uint32(len(value))}})
	head = append(head, name+value...)
	response := append(head[:len(head):len(head)], body...)
	inbox := call("on_inbox", uint64(len(response)))

	onData, onOperation, onTurn := stack.ExportedFunction("on_socket_data"), stack.ExportedFunction("on_operation"), stack.ExportedFunction("on_turn")
	for _, c := range workload.Cases() {
		b.Run(c.Name, func(b *testing.B) {
			args := make([]uint64, 6)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				h.exchange, h.written = h.exchange[:0], 0
				in := c.Input[i%len(c.Input)]
				put(receive, in)
				args[0], args[1], args[2] = socket, uint64(len(in)), 2
				if err := onData.CallWithStack(ctx, args); err != nil {
					b.Fatal(err)
				}
				var result uint64
				for _, x := range h.exchange {
					put(inbox, response)
					args[0], args[1], args[2] = uint64(abi.OpResponseSend), x, uint64(abi.SendHead|abi.SendEnd)
					args[3], args[4], args[5] = uint64(len(head)), uint64(len(body)), 0
					if err := onOperation.CallWithStack(ctx, args); err != nil {
						b.Fatal(err)
					}
					result |= args[0]
				}
				if result&uint64(abi.ResultTurn) != 0 {
					args[0] = 2
					if err := onTurn.CallWithStack(ctx, args); err != nil {
						b.Fatal(err)
					}
				}
				if len(h.exchange) != c.Requests || h.written == 0 {
					b.Fatalf("%d exchanges, %d bytes written", len(h.exchange), h.written)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.Requests), "ns/request")
		})
	}
}

func valueTypes(types []abi.ValueType) []api.ValueType {
	all := make([]api.ValueType, len(types))
	for i, t := range types {
		all[i] = api.ValueType(t)
	}
	return all
}
