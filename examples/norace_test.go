//go:build !race

package examples

const raced = false
