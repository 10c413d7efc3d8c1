package wasisock

import (
	"net/netip"
	"slices"
)

const (
	maxResolved = 1024 // addresses that are remembered; beyond it the oldest is forgotten
	maxNames    = 8    // of one address, likewise
)

// resolved remembers by which names addresses were found. The names were granted, each with some port.
type resolved struct {
	names map[netip.Addr][]string
	order []netip.Addr // the oldest first
}

func (r *resolved) add(a netip.Addr, name string) {
	a = a.Unmap().WithZone("")
	list, known := r.names[a]
	if slices.Contains(list, name) {
		return
	}
	if len(list) == maxNames {
		list = list[1:]
	}
	if !known {
		if len(r.order) == maxResolved {
			delete(r.names, r.order[0])
			r.order = r.order[1:]
		}
		r.order = append(r.order, a)
	}
	if r.names == nil {
		r.names = map[netip.Addr][]string{}
	}
	r.names[a] = append(slices.Clip(list), name)
}

// of returns the names of an address.
func (r *resolved) of(a netip.Addr) []string { return r.names[a.Unmap().WithZone("")] }
