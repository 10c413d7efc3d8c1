// A guest of the size and kind that real ones are. Each export is a function of a size that returns a checksum.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"
)

func main() {}

type item struct {
	ID    int               `json:"id"`
	Name  string            `json:"name"`
	Tags  []string          `json:"tags"`
	Price float64           `json:"price"`
	Extra map[string]string `json:"extra"`
}

func items(n int) []item {
	list := make([]item, n)
	for i := range list {
		list[i] = item{i * 7919 % n, fmt.Sprintf("item %d", i), []string{"red", "green"}, float64(i) * 1.5, map[string]string{"key": "value"}}
	}
	return list
}

//go:wasmexport encode
func encode(n int32) int32 {
	b, err := json.Marshal(items(int(n)))
	if err != nil {
		return -1
	}
	var back []item
	if err := json.Unmarshal(b, &back); err != nil || len(back) != int(n) {
		return -2
	}
	return int32(crc32.ChecksumIEEE(b))
}

//go:wasmexport sort
func sort(n int32) int32 {
	list := items(int(n))
	slices.SortFunc(list, func(a, b item) int { return cmp.Compare(a.ID, b.ID) })
	sum := int32(0)
	for _, i := range list {
		sum = sum*31 + int32(i.ID)
	}
	return sum
}

var words = regexp.MustCompile(`(\w+)@(\w+)\.(com|org|net)`)

//go:wasmexport match
func match(n int32) int32 {
	text := strings.Repeat("write to alice@example.com or bob@example.org, not to nobody@nowhere. ", int(n))
	return int32(len(words.ReplaceAllString(text, "$2 at $1")))
}

//go:wasmexport tree
func tree(depth int32) int32 { return build(depth).sum() }

type node struct{ left, right *node }

func build(depth int32) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{build(depth - 1), build(depth - 1)}
}

func (n *node) sum() int32 {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.sum() + n.right.sum()
}

//go:wasmexport recurse
func recurse(n int32) int32 {
	if n < 2 {
		return n
	}
	return recurse(n-1) + recurse(n-2)
}

//go:wasmexport channels
func channels(n int32) int32 {
	c, done := make(chan int32), make(chan int32)
	go func() {
		sum := int32(0)
		for v := range c {
			sum = sum*31 + v
		}
		done <- sum
	}()
	for i := range n {
		c <- i
	}
	close(c)
	return <-done
}

// deferred recovers in functions whose indices are checked, so that the call of what they deferred comes behind those of failed checks.
//
//go:wasmexport deferred
func deferred(n int32) (sum int32) {
	list := make([]int32, 4)
	for i := range n {
		sum = sum*31 + failing(list, int(i)) + list[i%4]
	}
	return sum
}

//go:noinline
func failing(list []int32, i int) (failed int32) {
	defer func() { list[0]++ }()
	defer func() {
		if r := recover(); r != nil {
			failed = int32(len(fmt.Sprint(r)))
		}
	}()
	list[i]++
	list[i+1] += list[i]
	return list[i+2]
}

//go:wasmexport recover
func recovered(n int32) (sum int32) {
	for i := range n {
		func() {
			defer func() { sum += int32(len(fmt.Sprint(recover()))) }()
			var list []int
			_ = list[i]
		}()
	}
	return sum
}

//go:wasmexport copy
func copies(n int32) int32 {
	var b bytes.Buffer
	line := bytes.Repeat([]byte("0123456789"), 5)
	for i := range n {
		b.Write(line[:i%50])
	}
	return int32(crc32.ChecksumIEEE(b.Bytes()))
}
