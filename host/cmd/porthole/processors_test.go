package main

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSpareProcessor(t *testing.T) {
	before := runtime.GOMAXPROCS(2)
	defer runtime.GOMAXPROCS(before)
	t.Setenv("GOMAXPROCS", "")
	spareProcessor(1)
	assert.Equal(t, 2, runtime.GOMAXPROCS(0), "there is one")
	spareProcessor(2)
	assert.Equal(t, 3, runtime.GOMAXPROCS(0))
	t.Setenv("GOMAXPROCS", "3")
	spareProcessor(3)
	assert.Equal(t, 3, runtime.GOMAXPROCS(0), "an operator has said so")
}
