package linear

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/tetratelabs/wazero/api"
)

// ErrUnknownLayout is returned when wazero is not built as this package knows it: then no memory can be made smaller.
var ErrUnknownLayout = errors.New("this version of wazero keeps memories in an unknown way")

// pageSize is WebAssembly's, not the machine's.
const pageSize = 64 << 10

// view is what wazero takes for the memory. WebAssembly has no way to make a memory smaller, and wazero none to tell it that
// one has become so. But it keeps the bytes in an exported field, Buffer, of the (internal) type behind api.Memory, and Grow
// makes the engine read that field again: a Buffer without bytes, grown by the size wanted, is a memory of that size.
type view struct {
	memory api.Memory
	buffer *[]byte
}

// viewOf returns the view of bytes. It fails for no bytes at all, as Grow does nothing to get to them.
func viewOf(memory api.Memory, bytes []byte) (*view, error) {
	buffer, err := bufferOf(memory)
	if err != nil {
		return nil, err
	}
	if len(*buffer) != len(bytes) || unsafe.SliceData(*buffer) != unsafe.SliceData(bytes) {
		return nil, fmt.Errorf("%w: the Buffer of %T is another", ErrUnknownLayout, memory)
	}
	if len(bytes) == 0 {
		return nil, errors.New("a memory of no bytes cannot be made empty again")
	}
	return &view{memory, buffer}, nil
}

func bufferOf(memory api.Memory) (*[]byte, error) {
	v := reflect.ValueOf(memory)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: it is a %T", ErrUnknownLayout, memory)
	}
	field := v.Elem().FieldByName("Buffer")
	if !field.IsValid() || !field.CanInterface() || field.Type() != reflect.TypeFor[[]byte]() {
		return nil, fmt.Errorf("%w: no Buffer of bytes in %T", ErrUnknownLayout, memory)
	}
	return field.Addr().Interface().(*[]byte), nil
}

// resize makes wazero call Reallocate(size) and believe the result.
func (v *view) resize(size int) error {
	pages := uint32(size / pageSize)
	*v.buffer = (*v.buffer)[:0]
	if _, ok := v.memory.Grow(pages); !ok {
		return fmt.Errorf("%w: a memory cannot grow back to %d pages", ErrUnknownLayout, pages)
	}
	if now, _ := v.memory.Grow(0); now != pages {
		return fmt.Errorf("%w: a memory of %d pages has %d", ErrUnknownLayout, pages, now)
	}
	return nil
}
