//go:build wasip1

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	nethttp "net/http"
	"os"
	"time"

	_ "github.com/stealthrocket/net/http"
	"github.com/stealthrocket/net/wasip1"
)

// get prints the status, the size and a checksum of what it gets.
func get(args []string) error {
	flags := flag.NewFlagSet("get", flag.ExitOnError)
	n := flags.Int("n", 1, "requests at the same time")
	timeout := flags.Duration("timeout", time.Minute, "of each request")
	at := flags.String("at", "", "the address to connect to, instead of that of the URL")
	upload := flags.Int("upload", 0, "size of the body")
	_ = flags.Parse(args)

	transport := nethttp.DefaultTransport.(*nethttp.Transport)
	if *at != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			network, address := network(*at)
			return wasip1.DialContext(ctx, network, address)
		}
	}
	if roots := os.Getenv("ROOTS"); roots != "" {
		transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool()}
		transport.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(roots))
	}
	client := &nethttp.Client{Timeout: *timeout}
	errs := make(chan error, *n)
	for range *n {
		go func() { errs <- getOne(client, flags.Arg(0), *upload) }()
	}
	var all error
	for range *n {
		all = errors.Join(all, <-errs)
	}
	return all
}

func getOne(client *nethttp.Client, url string, upload int) error {
	method, body := "GET", io.Reader(nil)
	if upload > 0 {
		method, body = "POST", io.LimitReader(zeros{}, int64(upload))
	}
	request, err := nethttp.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	size, err := io.Copy(sum, response.Body)
	if err != nil {
		return err
	}
	fmt.Printf("%d %d %08x\n", response.StatusCode, size, sum.Sum32())
	return response.Body.Close()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
