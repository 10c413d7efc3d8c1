package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/portholehttp/porthole/host"
)

func newInspect() *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE.wasm",
		Short: "Say what a module is, and whether it will load",
		Long: `inspect reads a WebAssembly module and prints what it is, what made it, its
imports and exports with their types, its memory, and whether 'porthole serve'
will load it; if not, every reason why. Nothing of the module is run.

The exit code is 0 if the file is a module, loadable or not.`,
		Example: `  porthole inspect hello.wasm`,
		Args:    exactly("FILE.wasm"),

		DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			wasm, err := readModule(args[0])
			if err != nil {
				return err
			}
			report, err := host.Inspect(cmd.Context(), wasm)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), report)
			return err
		},
	}
}
