// Command faulty is a handler for the tests of package host. The path of a request says what goes wrong.
package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/portholehttp/porthole/guest/http"
)

var served int // by this instance

func main() {
	http.CreateServer(serve)
	http.Run()
}

func serve(req *http.ServerRequest, res *http.ServerResponse) {
	served++
	switch req.URL() {
	case "/count":
		res.EndString(strconv.Itoa(served))
	case "/body": // answers when the body has arrived
		size := 0
		req.OnData(func(chunk []byte) { size += len(chunk) })
		req.OnEnd(func() { res.EndString(strconv.Itoa(size)) })
	case "/panic":
		panic("on purpose")
	case "/exit":
		os.Exit(3)
	case "/half": // the head and a piece, then it panics when more of the body arrives
		res.WriteHead(200)
		res.WriteString("half of it")
		req.OnData(func([]byte) { panic("halfway") })
	case "/memory": // more than the test lets it have
		res.End(bytes.Repeat([]byte("x"), 1<<30))
	case "/big": // more than the test lets the stack keep for a client that does not read
		piece := bytes.Repeat([]byte("x"), 1<<20)
		for range 64 {
			res.Write(piece)
		}
		res.End()
	case "/goroutines": // one waits for the other, and starts a third
		c := make(chan string)
		go func() { c <- "from a goroutine" }()
		go func() {
			s := <-c
			go res.EndString(s)
		}()
	case "/stuck":
		go func() { select {} }()
		res.EndString("left behind")
	case "/endless":
		println("endless")
		for {
			served++
		}
	case "/time":
		res.EndString(time.Now().UTC().Format(time.RFC3339))
	case "/environment":
		res.EndString(strings.Join(append(os.Environ(), os.Args...), " "))
	case "/sleep":
		println("asleep")
		time.Sleep(1000 * time.Hour)
	default:
		res.EndString("hello world\n")
	}
}
