package host

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/portholehttp/porthole/host/internal/shard"
)

func TestLimitsDefaults(t *testing.T) {
	var l Limits
	assert.NoError(t, l.Validate())
	assert.Equal(t, shard.Limits{
		StartTimeout: 5 * time.Second, EventTimeout: time.Second, MaxExchangeFuel: 1 << 34,
		MaxInstances: 16, MaxExchanges: 16384, MaxQueuedRequests: 1024, QueueTimeout: 5 * time.Second,
		MaxOutboundSockets: 1024, MaxOutboundRequests: 4096, MaxQueuedBytes: 256 << 20, RetireTimeout: 5 * time.Minute,
	}, l.shard())
}

func TestLimitsNone(t *testing.T) {
	l := Limits{StartTimeout: -1, EventTimeout: -1, MaxExchangeFuel: -1, MaxQueuedRequests: -1, QueueTimeout: -1, RetireTimeout: -1}
	assert.NoError(t, l.Validate())
	s := l.shard()
	for _, d := range []time.Duration{s.StartTimeout, s.EventTimeout, s.QueueTimeout, s.RetireTimeout} {
		assert.Equal(t, forever, d)
		assert.Positive(t, time.Now().UnixNano()+int64(d), "it can be added to a clock")
	}
	assert.Zero(t, s.MaxExchangeFuel, "no bound")
	assert.Zero(t, s.MaxQueuedRequests, "no queue")
}

func TestLimitsReportsAllFaults(t *testing.T) {
	l := Limits{
		MaxMemoryPages: 65537, MaxTableElements: -1, MaxCallDepth: -1, MaxExchangeFuel: -2, MaxInstances: -1, MaxExchanges: -1, MaxQueuedRequests: -2,
		MaxOutboundSockets: -1, MaxOutboundRequests: -1, MaxQueuedBytes: -1, MaxBodyBytes: -1,
	}
	c := HandlerConfig{Isolation: 3, Limits: l, Grants: Grants{Connect: []string{"x"}}}
	err := c.Validate()
	for _, name := range []string{"MaxMemoryPages is 65537, want 0 to 65536", "MaxTableElements", "MaxCallDepth", "MaxExchangeFuel is -2, want -1 to",
		"MaxInstances", "MaxExchanges", "MaxQueuedRequests is -2", "MaxOutboundSockets", "MaxOutboundRequests", "MaxQueuedBytes", "MaxBodyBytes",
		"Isolation is 3", `the grant "x"`} {
		assert.ErrorContains(t, err, name)
	}
}

// Whatever passes Validate is positive for a shard, or means something there.
func TestLimitsExtremes(t *testing.T) {
	for _, extreme := range []int64{math.MaxInt64, math.MinInt64, -1, 1} {
		var l Limits
		v := reflect.ValueOf(&l).Elem()
		for i := range v.NumField() {
			f := v.Field(i)
			f.SetInt(extreme)
			if l.Validate() == nil {
				s := reflect.ValueOf(l.shard())
				for j := range s.NumField() {
					assert.GreaterOrEqual(t, s.Field(j).Int(), int64(0), "%s %d", v.Type().Field(i).Name, extreme)
				}
			}
			f.SetInt(0)
		}
	}
}

func TestIsolationText(t *testing.T) {
	for _, i := range []Isolation{Shared, Pooled, Fresh} {
		text, err := i.MarshalText()
		assert.NoError(t, err)
		var back Isolation
		assert.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, i, back)
		assert.EqualValues(t, i, [...]shard.Isolation{shard.Shared, shard.Pooled, shard.Fresh}[i])
	}
	var i Isolation
	assert.EqualError(t, i.UnmarshalText([]byte("Fresh")), "want shared, pooled or fresh")
	_, err := Isolation(3).MarshalText()
	assert.Error(t, err)
	assert.Equal(t, "Isolation(3)", Isolation(3).String())
}
