package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/portholehttp/porthole/host"
)

// environment is the value of --env: a flag that may be repeated.
type environment struct{ to *map[string]string }

func (e *environment) Type() string { return "NAME[=VALUE]" }

func (e *environment) String() string {
	if e.to == nil { // pflag asks a zero value
		return ""
	}
	var names []string // values may be secrets
	for name := range *e.to {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func (e *environment) Set(s string) error {
	name, value, given := strings.Cut(s, "=")
	if name == "" {
		return errors.New("want NAME or NAME=VALUE")
	}
	if !given {
		var set bool
		if value, set = os.LookupEnv(name); !set {
			return fmt.Errorf("it is not set in porthole's environment")
		}
	}
	if *e.to == nil {
		*e.to = make(map[string]string)
	}
	(*e.to)[name] = value
	return nil
}

// routes is the value of --route: a flag that may be repeated.
type routes []routeFlag

// routeFlag is which file's handler serves a pattern.
type routeFlag struct{ pattern, file string }

func (r *routes) Type() string { return "PATTERN=FILE" }

func (r *routes) String() string {
	var all []string
	for _, route := range *r {
		all = append(all, route.pattern+"="+route.file)
	}
	return strings.Join(all, " ")
}

func (r *routes) Set(s string) error {
	pattern, file, ok := strings.Cut(s, "=")
	if !ok || file == "" {
		return errors.New("want PATTERN=FILE")
	}
	if err := host.ValidatePattern(pattern); err != nil {
		var fault *host.RouteError
		if errors.As(err, &fault) {
			return errors.New(fault.Reason)
		}
		return err
	}
	*r = append(*r, routeFlag{pattern, file})
	return nil
}

// list returns all routes, path being the handler for every request; "" if there is none.
func (r routes) list(path string) ([]routeFlag, error) {
	all := slices.Clone(r)
	if path != "" {
		all = append(routes{{"/", path}}, all...)
	}
	seen := make(map[string]bool)
	for _, route := range all {
		if seen[route.pattern] {
			return nil, &usageError{fmt.Errorf("two handlers for the pattern %q", route.pattern)}
		}
		seen[route.pattern] = true
	}
	if len(all) == 0 {
		return nil, &usageError{errors.New("HANDLER.wasm is missing, or --route")}
	}
	return all, nil
}
