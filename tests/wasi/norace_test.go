//go:build !race

package wasi

const raced = false
