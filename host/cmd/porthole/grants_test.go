package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGrantFlags(t *testing.T) {
	cmd := newServe()
	for _, flag := range []string{"allow-connect", "allow-listen"} {
		f := cmd.Flags().Lookup(flag)
		require.NoError(t, f.Value.Set("127.0.0.1:80"))
		require.NoError(t, f.Value.Set("localhost:*"))
		require.EqualError(t, f.Value.Set("80"), "want "+map[string]string{
			"allow-connect": "HOST:PORT, where HOST is a name, *.DOMAIN, an address, a network such as 10.0.0.0/8, or *, and PORT a number or *; or unix:/path or unix:/dir/*",
			"allow-listen":  "HOST:PORT, where HOST is an address, a name, or * or nothing for all, and PORT a number or *; or unix:/path or unix:/dir/*, or fd:N",
		}[flag])
		assert.Equal(t, "127.0.0.1:80 localhost:*", f.Value.String(), "what is wrong is left out")
	}
}
