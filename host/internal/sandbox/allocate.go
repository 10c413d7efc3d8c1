package sandbox

import (
	"context"
	"errors"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/portholehttp/porthole/host/internal/linear"
)

var errClosed = errors.New("the instance is closed")

// allocate makes the guest's memory, and returns a context in which wazero takes it.
func (i *Instance) allocate() (context.Context, error) {
	least := i.of.code.compiled.ExportedMemories()["memory"].Min()
	memory, err := linear.New(uint64(least)<<16, uint64(max(least, i.of.code.pages))<<16)
	if err != nil {
		return nil, err
	}
	i.linear = memory
	c := *i.context.(*callContext)
	c.Context = experimental.WithMemoryAllocator(c.Context, memory)
	return &c, nil
}

// deallocate unmaps the guest's memory. As touching it would end the process from now on, nothing gets at it any more.
func (i *Instance) deallocate() {
	if i.linear != nil {
		i.linear.Release(i.memory)
	}
	i.memory = noMemory{}
}

// noMemory is what is left of the memory of a closed instance, also where linear does not know how to make wazero forget it.
type noMemory struct{ api.Memory }

func (noMemory) Read(uint32, uint32) ([]byte, bool) { return nil, false }
func (noMemory) Size() uint32                       { return 0 }
