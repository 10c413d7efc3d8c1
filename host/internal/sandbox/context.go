package sandbox

import (
	"context"

	"github.com/portholehttp/porthole/host/internal/wasi"
)

// callContext is what wazero passes from a call of an export to the imports that it calls. It never ends: see meter for how a call does.
// It must be the outermost context: values for wazero go into Context.
type callContext struct {
	context.Context
	owner    any
	instance *Instance // nil outside of a guest's call
}

// WithOwner returns a context for calling a host function as a guest with that owner would.
func WithOwner(ctx context.Context, owner any) context.Context {
	return &callContext{Context: ctx, owner: owner}
}

// Owner returns the owner of the instance that called an import with ctx.
func Owner[T any](ctx context.Context) T { return ctx.(*callContext).owner.(T) }

// CallerName returns the name of the module whose instance called an import with ctx.
func CallerName(ctx context.Context) string { return caller(ctx).name }

// caller returns the instance that called an import with ctx.
func caller(ctx context.Context) *Instance { return ctx.(*callContext).instance }

// system returns what the instance that called an import with ctx has of WASI.
func system(ctx context.Context) *wasi.System { return &caller(ctx).wasi }
