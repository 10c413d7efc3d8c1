package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host"
)

// On the command line the defaults are shown, and 0 means no limit; in a host.ServerConfig 0 means the
// default, and -1 no limit. These flag values write the one as the other.

func limitFlags(flags *pflag.FlagSet, c *host.ServerConfig) {
	d := &abi.DefaultOptions
	timeout := func(to *time.Duration, name string, preset int64, usage string) {
		flags.Var(&durationLimit{to, time.Duration(preset)}, name, usage)
	}
	timeout(&c.HeadersTimeout, "headers-timeout", d.HeadersTimeout, "longest a request's head may take to arrive; 0: no limit")
	timeout(&c.RequestTimeout, "request-timeout", d.RequestTimeout, "longest a request may take to arrive, body included; 0: no limit")
	timeout(&c.KeepAliveTimeout, "keep-alive-timeout", d.KeepAliveTimeout, "how long a connection may be idle between requests; 0: no limit")
	timeout(&c.BodyIdleTimeout, "body-idle-timeout", d.BodyIdleTimeout, "longest pause within a request's body; 0: no limit")
	flags.Var(&numberLimit{&c.MaxHeaderBytes, d.MaxHeaderBytes, false}, "max-header-bytes", "most bytes of a request's head; over it: 431")
	flags.Var(&numberLimit{&c.MaxHeadersCount, d.MaxHeadersCount, true}, "max-headers-count", "how many header lines are kept of a request; 0: no limit")
}

// durationLimit is a timeout.
type durationLimit struct {
	to     *time.Duration
	preset time.Duration
}

func (l *durationLimit) Type() string { return "duration" }

func (l *durationLimit) String() string {
	switch {
	case l.to == nil || *l.to == 0:
		return l.preset.String()
	case *l.to < 0:
		return "0s"
	}
	return l.to.String()
}

func (l *durationLimit) Set(s string) error {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil || d < 0:
		return fmt.Errorf("want a duration such as 30s or 1m30s")
	case d == 0:
		d = -1
	}
	*l.to = d
	return nil
}

// numberLimit is a size or a count.
type numberLimit struct {
	to        *int
	preset    uint32
	unbounded bool // 0 is allowed and means no limit
}

func (l *numberLimit) Type() string { return "int" }

func (l *numberLimit) String() string {
	switch {
	case l.to == nil || *l.to == 0:
		return strconv.FormatUint(uint64(l.preset), 10)
	case *l.to < 0:
		return "0"
	}
	return strconv.Itoa(*l.to)
}

func (l *numberLimit) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	switch {
	case err != nil:
		return fmt.Errorf("want a whole number")
	case n > 0:
		*l.to = int(n)
	case l.unbounded:
		*l.to = -1
	default:
		return fmt.Errorf("want at least 1")
	}
	return nil
}

// int64Limit is a large number, or a size with a unit.
type int64Limit struct {
	to     *int64
	preset string
	size   bool
}

func (l *int64Limit) Type() string {
	if l.size {
		return "size"
	}
	return "int"
}

func (l *int64Limit) String() string {
	switch {
	case l.to == nil || *l.to == 0:
		return l.preset
	case *l.to < 0:
		return "0"
	}
	return strconv.FormatInt(*l.to, 10)
}

func (l *int64Limit) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 62)
	if l.size {
		var ok bool
		if n, ok = parseSize(s); !ok {
			return errSize
		}
	} else if err != nil || n < 0 {
		return fmt.Errorf("want a whole number")
	}
	if n == 0 {
		n = -1
	}
	*l.to = n
	return nil
}
