//go:build linux

package main

import (
	"context"
	"fmt"
)

// runBeside runs a server throughout the present case that is not measured itself, on an address that is known before.
func (s *setup) runBeside(ctx context.Context, sub subject, address string) error {
	command, err := sub.command(address)
	if err != nil {
		return err
	}
	srv, err := startServer(ctx, command, address)
	if err != nil {
		return fmt.Errorf("%s: %w", sub.name, err)
	}
	s.beside = append(s.beside, srv)
	return nil
}

func (s *setup) stopBeside() {
	for _, srv := range s.beside {
		srv.stop()
	}
	s.beside = nil
}

// originAddress is where proxies pass requests to: the same in all cases of a run, as it is built into Porthole's example.
func (s *setup) originAddress() (string, error) {
	if s.origin != "" {
		return s.origin, nil
	}
	var err error
	s.origin, err = freeAddress()
	return s.origin, err
}
