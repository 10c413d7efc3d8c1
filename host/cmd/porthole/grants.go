package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/portholehttp/porthole/host"
)

// grants is the value of --allow-connect or --allow-listen: a flag that may be repeated.
type grants struct {
	all  *host.Grants
	list *[]string // the one of all that the flag is for
}

func (g *grants) String() string {
	if g.list == nil { // pflag asks a zero value
		return ""
	}
	return strings.Join(*g.list, " ")
}

func (g *grants) Type() string { return "rule" }

func (g *grants) Set(s string) error {
	before := *g.list
	*g.list = append(slices.Clip(before), s)
	err := g.all.Validate()
	if err == nil {
		return nil
	}
	*g.list = before
	_, reason, _ := strings.Cut(err.Error(), "want ") // the flag and its value are named already
	return errors.New("want " + reason)
}
