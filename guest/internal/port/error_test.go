//go:build !wasip1

package port

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrorsOfAnotherCodeAreNotEqual(t *testing.T) {
	a := &Error{"A", "x"}
	assert.ErrorIs(t, a, &Error{Code: "A"})
	assert.NotErrorIs(t, a, &Error{Code: "B"})
	assert.Equal(t, "A: x", a.Error())
}

func TestParseError(t *testing.T) {
	assert.Equal(t, &Error{"ECONNREFUSED", "connect 127.0.0.1:1"}, ParseError("ECONNREFUSED connect 127.0.0.1:1"))
	assert.Equal(t, &Error{"EPIPE", "EPIPE"}, ParseError("EPIPE"))
}
