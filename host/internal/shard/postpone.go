package shard

import (
	"bytes"
	"slices"

	"github.com/portholehttp/porthole/abi"
)

// postponed is a call of server_listen by an instance to which no route leads yet. Whether one ever will is not known: another
// shard may refuse the handler.
type postponed struct {
	number uint32
	record []byte
	mask   uint32 // of server_listeners
}

// postpone takes note of a call of server_listen. It is judged by the rules of the stack.
func (i *instance) postpone(number uint32, record []byte) abi.Status {
	if len(record) < abi.ListenRequestSize {
		return abi.StatusInvalid
	}
	r := abi.Decode[abi.ListenRequest](record)
	switch {
	case uint64(r.HostSize) != uint64(len(record)-abi.ListenRequestSize) || r.Kind > abi.ListenServer || !r.Options.Valid():
		return abi.StatusInvalid
	case i.postponedAs(number) != nil:
		return abi.StatusInUse
	case len(i.postponed) >= maxServers:
		return abi.StatusLimit
	}
	i.postponed = append(i.postponed, postponed{number: number, record: bytes.Clone(record)})
	return abi.StatusOK
}

// postponedAs returns what waits under a number of i, nil if nothing does.
func (i *instance) postponedAs(number uint32) *postponed {
	for n := range i.postponed {
		if i.postponed[n].number == number {
			return &i.postponed[n]
		}
	}
	return nil
}

func (i *instance) forgetPostponed(number uint32) {
	i.postponed = slices.DeleteFunc(i.postponed, func(p postponed) bool { return p.number == number })
}

// listenNow has a version listen on what was postponed, now that it is routed.
func (v *version) listenNow() {
	for _, i := range v.live {
		all := i.postponed
		i.postponed = nil
		for _, p := range all {
			if status := i.askToListen(p.number, p.record); status != abi.StatusOK {
				i.deny(p.number, status, "the stack refuses the request to listen")
				continue
			}
			if p.mask != 0 {
				i.ServerListeners(p.number, p.mask)
			}
		}
	}
}
