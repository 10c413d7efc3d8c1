package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// run executes the command line and returns the exit code: 0 done, 1 failed, 2 misused; or that of a program.
func run(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	if err == nil {
		return 0
	}
	var ended *exitError
	if errors.As(err, &ended) {
		return ended.code
	}
	fmt.Fprintf(stderr, "porthole: %s\n", oneLine(err))
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(stderr, "Try '%s --help'.\n", cmd.CommandPath())
		return 2
	}
	return 1
}

// usageError is a fault of the command line, not of what it asks for.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// exitError passes the exit code of a program on, which has said itself what there was to say.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func misuse(_ *cobra.Command, err error) error { return &usageError{err} }

// oneLine joins what errors.Join and stack traces put into several lines.
func oneLine(err error) string {
	var b strings.Builder
	for line := range strings.Lines(err.Error()) {
		// Whose error it is does not matter here.
		line = strings.TrimPrefix(strings.TrimSpace(line), "host: ")
		switch {
		case line == "":
			continue
		case b.Len() == 0:
		case strings.HasSuffix(b.String(), ":"):
			b.WriteByte(' ')
		default:
			b.WriteString("; ")
		}
		b.WriteString(line)
	}
	return b.String()
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "porthole",
		Short: "Serve HTTP with WebAssembly handlers",
		Long: `porthole is an HTTP server whose handlers are WebAssembly modules, and whose own
HTTP code runs in a WebAssembly sandbox too. A module sees requests and answers
them; it can do nothing else on this machine that it is not allowed to.`,
		Example: `  porthole serve hello.wasm
  porthole run --allow-listen :8080 server.wasm
  porthole inspect hello.wasm`,
		Args:              noCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true, // run prints them
		SilenceUsage:      true,
		Version:           version(),
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetFlagErrorFunc(misuse) // inherited by all commands
	root.SetVersionTemplate("{{.Version}}")
	root.AddCommand(newServe(), newRun(), newInspect(), newVersion())
	refuseUnknownTopics(root)
	return root
}

// refuseUnknownTopics makes `porthole help NAME` fail for what is not a command, as `porthole NAME` does.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil {
		panic(err) // it was added in the line above
	}
	help.Args = func(_ *cobra.Command, args []string) error {
		if cmd, _, err := root.Find(args); err == nil && cmd != root {
			return nil
		}
		return noCommand(root, args)
	}
}

// noCommand is called with what is not the name of a command.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("there is no command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
	}
	return &usageError{err}
}

// atMost allows one argument for each of names.
func atMost(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return &usageError{fmt.Errorf("unexpected argument %q", args[len(names)])}
		}
		return nil
	}
}

// exactly demands one argument for each of names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return &usageError{fmt.Errorf("%s is missing", names[len(args)])}
		case len(args) > len(names):
			return &usageError{fmt.Errorf("unexpected argument %q", args[len(names)])}
		}
		return nil
	}
}
