package host

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/portholehttp/porthole/host/internal/instrument"
	"github.com/portholehttp/porthole/host/internal/wasisock"
)

// programGrant is how much fuel a program gets at a time: some milliseconds of it at the most. How much it uses is not bounded, but
// a program that computes for ever must see that it is to end; and while it computes, Go's garbage collector waits for it.
const programGrant = 1 << 16

// meter makes the program known the function that it calls when its fuel is used up: there Interrupt ends it.
func (p *program) meter(ctx context.Context, r wazero.Runtime, sockets *wasisock.Sockets) error {
	var fuel api.MutableGlobal
	_, err := r.NewHostModuleBuilder(instrument.TickModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, _ []uint64) {
			sockets.Check()
			if fuel == nil {
				fuel = m.ExportedGlobal(instrument.FuelExport).(api.MutableGlobal)
			}
			fuel.Set(programGrant)
		}), nil, nil).
		Export(instrument.TickName).
		Instantiate(ctx)
	return err
}
