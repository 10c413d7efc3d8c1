// Command soak serves mixed traffic for a long time, in one process with its clients: good requests, uploads that are aborted, clients
// that read slowly or hang up, handlers that trap or never end, and a handler that is replaced all the time. It prints what the process holds
// now and then, and fails if a good request failed or if memory, descriptors or goroutines have grown.
//
//	go run ./tests/soak [-time 10m] -hello build/hello.wasm -upload build/upload.wasm -attacks host/testdata/hostile/attacks.wasm
//
// It needs Linux, for /proc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	var c config
	flag.DurationVar(&c.time, "time", 10*time.Minute, "how long")
	flag.DurationVar(&c.every, "every", 15*time.Second, "how often to print what the process holds")
	flag.StringVar(&c.hello, "hello", "build/hello.wasm", "examples/hello, built")
	flag.StringVar(&c.upload, "upload", "build/upload.wasm", "examples/upload, built")
	flag.StringVar(&c.attacks, "attacks", "host/testdata/hostile/attacks.wasm", "the handler that attacks its host")
	flag.Parse()
	if err := run(context.Background(), c); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

type config struct {
	time, every            time.Duration
	hello, upload, attacks string
}

// run is the whole soak.
func run(ctx context.Context, c config) error {
	s, err := newSubject(ctx, c)
	if err != nil {
		return err
	}
	t := startTraffic(s)
	err = watch(c, t)
	failed := t.stop()
	if held := s.close(ctx); err == nil {
		err = held
	}
	return errors.Join(err, failed)
}
