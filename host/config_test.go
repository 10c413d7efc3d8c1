package host

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/abi"
)

func TestServerConfigDefaults(t *testing.T) {
	var c ServerConfig
	assert.NoError(t, c.Validate())
	assert.Equal(t, abi.DefaultOptions, c.options())
}

func TestServerConfigOptions(t *testing.T) {
	c := ServerConfig{
		HeadersTimeout:     1 * time.Second,
		RequestTimeout:     2 * time.Second,
		KeepAliveTimeout:   3 * time.Second,
		BodyIdleTimeout:    4 * time.Second,
		WriteIdleTimeout:   5 * time.Second,
		LingerTimeout:      6 * time.Second,
		MaxHeaderBytes:     7,
		MaxHeadersCount:    8,
		MaxChunkExtensions: 9,
		MaxPipelined:       10,
		MaxQueuedBytes:     11,
		MaxRequests:        12,
		LenientMissingHost: true,
		LenientObsFold:     true,
		LenientBareLF:      true,
		LenientHeaderNames: true,
		IgnoreUpgrade:      true,
	}
	o := c.options()
	assert.Equal(t, abi.Options{
		HeadersTimeout:     1e9,
		RequestTimeout:     2e9,
		KeepAliveTimeout:   3e9,
		BodyIdleTimeout:    4e9,
		WriteIdleTimeout:   5e9,
		LingerTimeout:      6e9,
		MaxHeaderBytes:     7,
		MaxHeadersCount:    8,
		MaxChunkExtensions: 9,
		MaxPipelined:       10,
		MaxQueuedBytes:     11,
		MaxRequests:        12,
		Lenient:            abi.LenientMissingHost | abi.LenientObsFold | abi.LenientBareLF | abi.LenientHeaderNames | abi.IgnoreUpgrade,
	}, o)
	assert.True(t, o.Valid())
	assert.NoError(t, c.Validate())
}

func TestServerConfigNone(t *testing.T) {
	c := ServerConfig{
		HeadersTimeout: -1, RequestTimeout: -1, KeepAliveTimeout: math.MinInt64,
		BodyIdleTimeout: -1, WriteIdleTimeout: -1, LingerTimeout: -1,
		MaxHeadersCount: -1,
	}
	o := c.options()
	want := abi.DefaultOptions
	want.HeadersTimeout, want.RequestTimeout, want.KeepAliveTimeout = 0, 0, 0
	want.BodyIdleTimeout, want.WriteIdleTimeout, want.LingerTimeout = 0, 0, 0
	want.MaxHeadersCount = 0
	assert.Equal(t, want, o)
	assert.True(t, o.Valid())
	assert.NoError(t, c.Validate())
}

func TestServerConfigHeadersWithinRequest(t *testing.T) {
	c := ServerConfig{RequestTimeout: 10 * time.Second}
	o := c.options()
	assert.NoError(t, c.Validate())
	assert.EqualValues(t, 10e9, o.HeadersTimeout, "the default gives way")
	assert.True(t, o.Valid())

	c = ServerConfig{RequestTimeout: 10 * time.Second, HeadersTimeout: 11 * time.Second}
	assert.ErrorContains(t, c.Validate(), "HeadersTimeout is 11s, above RequestTimeout, 10s")
	c = ServerConfig{RequestTimeout: -1, HeadersTimeout: time.Hour}
	assert.NoError(t, c.Validate())
	c = ServerConfig{HeadersTimeout: 301 * time.Second}
	assert.ErrorContains(t, c.Validate(), "HeadersTimeout is 5m1s, above RequestTimeout, 5m0s")
}

func TestServerConfigReportsAllFaults(t *testing.T) {
	c := ServerConfig{
		Shards: MaxShards + 1, MaxHeaderBytes: -1, MaxHeadersCount: -2, MaxChunkExtensions: -1, MaxPipelined: -1,
		MaxQueuedBytes: -1, MaxRequests: -1, MaxEvents: -1,
	}
	err := c.Validate()
	for _, name := range []string{"Shards is 1025, want 0 to 1024", "MaxHeaderBytes", "MaxHeadersCount is -2, want -1 to",
		"MaxChunkExtensions", "MaxPipelined", "MaxQueuedBytes", "MaxRequests", "MaxEvents"} {
		assert.ErrorContains(t, err, name)
	}
}

// Whatever passes Validate, the stack takes.
func TestServerConfigExtremesAreValidForTheStack(t *testing.T) {
	for _, extreme := range []int64{math.MaxInt64, math.MinInt64, -1, 0, 1} {
		var c ServerConfig
		v := reflect.ValueOf(&c).Elem()
		for i := range v.NumField() {
			if f := v.Field(i); f.CanInt() {
				f.SetInt(extreme)
				if c.Validate() == nil {
					o := c.options()
					assert.True(t, o.Valid(), "%s %d", v.Type().Field(i).Name, extreme)
				}
				f.SetInt(0)
			}
		}
	}
}
