package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"host: a is bad\nhost: b is bad": "a is bad; b is bad",
		"trap\ntrace:\n\tf\r\n\tg\n\n":   "trap; trace: f; g",
		"plain":                          "plain",
	} {
		assert.Equal(t, want, oneLine(errors.New(text)))
	}
}
