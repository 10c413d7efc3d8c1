package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/portholehttp/porthole/host"
)

// handlerLimitFlags are the limits of handlers that people need to change. Each handler has them for itself.
func handlerLimitFlags(flags *pflag.FlagSet, l *host.Limits) {
	timeout := func(to *time.Duration, name string, preset time.Duration, usage string) {
		flags.Var(&durationLimit{to, preset}, name, usage)
	}
	number := func(to *int, name string, preset uint32, usage string) {
		flags.Var(&numberLimit{to, preset, strings.Contains(usage, "; 0: ")}, name, usage)
	}
	timeout(&l.EventTimeout, "event-timeout", host.DefaultEventTimeout, "longest a handler may compute at a time; longer: it is ended, 500; 0: no limit")
	timeout(&l.StartTimeout, "start-timeout", host.DefaultStartTimeout, "longest a handler may take to start; 0: no limit")
	flags.Var(&int64Limit{&l.MaxExchangeFuel, strconv.FormatInt(host.DefaultMaxExchangeFuel, 10), false}, "max-exchange-fuel", "most computing for one request in all: calls and turns of loops; 0: no limit")
	flags.Var(&sizeLimit{pages: &l.MaxMemoryPages}, "max-memory", "most memory of an instance")
	number(&l.MaxInstances, "max-instances", host.DefaultMaxInstances, "most instances of a handler in a shard, unless it is shared")
	number(&l.MaxQueuedRequests, "max-queued-requests", host.DefaultMaxQueuedRequests, "how many requests may wait for an instance; beyond: 503; 0: none")
	timeout(&l.QueueTimeout, "queue-timeout", host.DefaultQueueTimeout, "longest a request may wait for an instance; longer: 503; 0: no limit")
	number(&l.MaxOutboundSockets, "max-outbound-sockets", host.DefaultMaxOutboundSockets, "most connections that an instance may have to others")
	flags.Var(&sizeLimit{bytes: &l.MaxBodyBytes}, "max-body-bytes", "most bytes of a request's body; over it: 413; 0: no limit")
	timeout(&l.RetireTimeout, "retire-timeout", host.DefaultRetireTimeout, "how long requests may go on in a handler that was replaced; 0: no limit")
}

// sizeLimit is a number of bytes, with a unit; either of memory, which has at least a page, or one that may be none.
type sizeLimit struct {
	pages *int
	bytes *int64
}

const pageSize = 64 << 10

var errSize = errors.New("want a number of bytes such as 1000000, 512KiB, 64MiB or 1GiB")

func (l *sizeLimit) Type() string { return "size" }

func (l *sizeLimit) String() string {
	switch {
	case l.bytes != nil:
		return strconv.FormatInt(*l.bytes, 10)
	case l.pages == nil || *l.pages == 0:
		return strconv.Itoa(host.DefaultMaxMemoryPages*pageSize>>20) + "MiB"
	}
	return strconv.Itoa(*l.pages*pageSize>>10) + "KiB"
}

func (l *sizeLimit) Set(s string) error {
	n, ok := parseSize(s)
	switch {
	case !ok:
		return errSize
	case l.bytes != nil:
		*l.bytes = n
	case n < pageSize || n > 4<<30:
		return fmt.Errorf("want 64KiB to 4GiB")
	default:
		*l.pages = int(n / pageSize)
	}
	return nil
}

// parseSize reads a number with a binary unit.
func parseSize(s string) (int64, bool) {
	shift := 0
	for unit, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			s, shift = number, bits
		}
	}
	n, err := strconv.ParseUint(s, 10, 62-shift)
	return int64(n) << shift, err == nil
}
