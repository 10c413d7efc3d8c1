package sandbox_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/portholehttp/porthole/host/internal/sandbox"
)

// maxDepth is how many calls may be nested in guests that are metered here.
const maxDepth = 1000

var metering = CompileConfig{Meter: true, CallDepth: maxDepth, MemoryPages: 16, TableElements: 10}

// deadline is short, and long enough for what a call does before it is ended.
const deadline = 20 * time.Millisecond

func metered(t testing.TB, name string) *Module {
	t.Helper()
	m, err := loader(t).Compile(context.Background(), name, guest(t, name), metering)
	require.NoError(t, err)
	return m
}

// endless returns an instance of the guest of that name.
func endless(t testing.TB, c InstanceConfig) *Instance {
	t.Helper()
	if c.Owner == nil {
		c.Owner = &caller{called: func(n uint32) uint32 { return n }}
	}
	i, err := metered(t, "endless").Instantiate(c)
	require.NoError(t, err)
	t.Cleanup(i.Close)
	return i
}

// ended fails unless err is a Fault of that kind with cause in its chain.
func ended(t *testing.T, err error, kind Kind, cause error) {
	t.Helper()
	require.ErrorIs(t, err, cause)
	var fault *Fault
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, kind, fault.Kind())
	reason, _ := fault.Explain()
	assert.Equal(t, cause.Error(), reason)
}

func TestEndlessCallsMeetTheirDeadline(t *testing.T) {
	for _, test := range []struct {
		name   string
		params []uint64
		result int
	}{
		{"loop", nil, 0},
		{"conditional", nil, 0},
		{"table", nil, 0},
		{"nested", nil, 0},
		{"calls", nil, 0},
		{"tree", []uint64{900}, 0},
		{"fill", nil, 0},
		{"copy", nil, 0},
		{"host", nil, 0},
		{"yield", nil, 0},
		{"random", nil, 0},
		{"print", nil, 0},
		{"sleep", []uint64{uint64(1000 * time.Hour)}, 0},
		{"sleeps", []uint64{0}, 0},
		{"sleeps", []uint64{uint64(time.Microsecond)}, 0},
		{"sleeps", []uint64{uint64(15 * time.Millisecond)}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := endless(t, InstanceConfig{Stdout: &Lines{Line: func(string) {}}})
			i.SetBudget(Budget{Time: deadline})
			f := function(t, i, test.name, len(test.params), test.result)
			begin := time.Now()
			_, err := f.Call(test.params...)
			took := time.Since(begin)
			ended(t, err, KindDeadline, ErrDeadline)
			assert.GreaterOrEqual(t, took, deadline)
			t.Logf("ended %v late", took-deadline)

			_, err = function(t, endless(t, InstanceConfig{}), "count", 1, 1).Call(10)
			assert.NoError(t, err, "others are not touched")
		})
	}
}

func TestEndlessRecursionIsTooDeep(t *testing.T) {
	for _, name := range []string{"recurse", "mutual"} {
		_, err := function(t, endless(t, InstanceConfig{}), name, 0, 1).Call()
		ended(t, err, KindDepth, ErrCallDepth)
	}
	_, err := function(t, endless(t, InstanceConfig{}), "indirect", 0, 0).Call()
	ended(t, err, KindDepth, ErrCallDepth)

	_, err = function(t, instantiate(t, InstanceConfig{}), "recurse", 1, 1).Call(1)
	ended(t, err, KindDepth, ErrCallDepth) // not metered: the stack is full
}

func TestCallDepth(t *testing.T) {
	i := endless(t, InstanceConfig{})
	nest := function(t, i, "nest", 1, 1)
	for range 3 {
		n, err := nest.Call(maxDepth - 1)
		require.NoError(t, err, "each call begins anew")
		assert.EqualValues(t, maxDepth, n)
	}
	_, err := nest.Call(maxDepth)
	ended(t, err, KindDepth, ErrCallDepth)
}

func TestEndlessStart(t *testing.T) {
	for name, function := range map[string]string{"endless_start": "instantiation", "endless_initialize": "_initialize"} {
		m := metered(t, name)
		_, err := m.Instantiate(InstanceConfig{Budget: Budget{Time: deadline}})
		ended(t, err, KindDeadline, ErrDeadline)
		var fault *Fault
		require.ErrorAs(t, err, &fault)
		assert.Equal(t, function, fault.Function)

		_, err = m.Instantiate(InstanceConfig{Budget: Budget{Fuel: 1e6}})
		ended(t, err, KindFuel, ErrFuel)
	}
}

func TestFuel(t *testing.T) {
	const some, many = 1000, 3_000_000 // less, and much more, than is given at a time
	for _, n := range []uint64{some, many} {
		i := endless(t, InstanceConfig{})
		count := function(t, i, "count", 1, 1)
		before := i.Fuel()
		_, err := count.Call(n)
		require.NoError(t, err, "without a bound")
		cost := i.Fuel() - before
		assert.GreaterOrEqual(t, cost, int64(n))
		assert.LessOrEqual(t, cost, int64(n)+10)

		i.SetBudget(Budget{Fuel: cost})
		for range 2 {
			_, err = count.Call(n)
			require.NoError(t, err, "each call may use it up")
		}
		assert.Equal(t, before+3*cost, i.Fuel())
		i.SetBudget(Budget{Fuel: cost - 1})
		_, err = count.Call(n)
		ended(t, err, KindFuel, ErrFuel)
		assert.InDelta(t, before+4*cost, i.Fuel(), 10)
	}
	i := endless(t, InstanceConfig{})
	i.SetBudget(Budget{Fuel: -1})
	_, err := function(t, i, "count", 1, 1).Call(1)
	ended(t, err, KindFuel, ErrFuel)
}

// What the host does for a guest is not free either.
func TestFuelOfWorkByTheHost(t *testing.T) {
	for _, name := range []string{"fill", "copy", "host", "yield", "random", "print", "sleeps"} {
		i := endless(t, InstanceConfig{Stdout: &Lines{Line: func(string) {}}})
		i.SetBudget(Budget{Fuel: 1e6})
		f := function(t, i, name, map[string]int{"sleeps": 1}[name], 0)
		_, err := f.Call([]uint64{0}[:map[string]int{"sleeps": 1}[name]]...)
		ended(t, err, KindFuel, ErrFuel)
		assert.InDelta(t, 1e6, i.Fuel(), 1e5, name)
	}
	i := endless(t, InstanceConfig{})
	before := i.Fuel()
	_, err := function(t, i, "host_once", 0, 0).Call()
	require.NoError(t, err)
	assert.InDelta(t, 32, i.Fuel()-before, 5, "a call of the host")
}

func TestSleepWithinTheDeadline(t *testing.T) {
	i := endless(t, InstanceConfig{})
	i.SetBudget(Budget{Time: time.Minute})
	sleep := function(t, i, "sleep", 1, 0)
	for range 3 {
		_, err := sleep.Call(uint64(time.Millisecond))
		require.NoError(t, err)
	}
}

// Each call has its own deadline, from when it begins.
func TestDeadlineIsOfOneCall(t *testing.T) {
	const deadline = 100 * time.Millisecond
	i := endless(t, InstanceConfig{})
	i.SetBudget(Budget{Time: deadline})
	sleep := function(t, i, "sleep", 1, 0)
	for begin := time.Now(); time.Since(begin) < deadline+deadline/2; {
		_, err := sleep.Call(uint64(time.Microsecond))
		require.NoError(t, err)
	}
	i.SetBudget(Budget{Time: time.Hour})
	_, err := sleep.Call(uint64(time.Microsecond))
	require.NoError(t, err)
	i.SetBudget(Budget{Time: deadline})
	_, err = function(t, i, "loop", 0, 0).Call()
	ended(t, err, KindDeadline, ErrDeadline)
}

func TestTimeOfTheHostCounts(t *testing.T) {
	slow := func(uint32) uint32 {
		for begin := time.Now(); time.Since(begin) < deadline/4; {
			runtime.Gosched()
		}
		return 0
	}
	i := endless(t, InstanceConfig{Owner: &caller{called: slow}})
	i.SetBudget(Budget{Time: deadline})
	_, err := function(t, i, "host", 0, 0).Call()
	ended(t, err, KindDeadline, ErrDeadline)
}

func TestInterrupt(t *testing.T) {
	for _, name := range []string{"loop", "host", "yield", "print", "random"} {
		interrupt := make(chan struct{})
		i := endless(t, InstanceConfig{Interrupt: interrupt})
		f := function(t, i, name, 0, 0)
		result := make(chan error)
		go func() {
			_, err := f.Call()
			result <- err
		}()
		close(interrupt)
		ended(t, <-result, KindInterrupt, ErrInterrupted)
	}
}

// With one processor the scheduler has no thread to interrupt a guest from. It is the guest that comes back.
func TestOneProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	interrupt := make(chan struct{})
	i := endless(t, InstanceConfig{Interrupt: interrupt})
	loop := function(t, i, "loop", 0, 0)
	var running atomic.Bool
	result := make(chan error)
	go func() {
		running.Store(true)
		_, err := loop.Call()
		result <- err
	}()
	for !running.Load() {
		runtime.Gosched()
	}
	for range 3 {
		runtime.GC() // which waits for all to stop
		runtime.Gosched()
	}
	close(interrupt)
	ended(t, <-result, KindInterrupt, ErrInterrupted)

	i = endless(t, InstanceConfig{})
	i.SetBudget(Budget{Time: deadline})
	_, err := function(t, i, "loop", 0, 0).Call()
	ended(t, err, KindDeadline, ErrDeadline)
}

func TestMeteredCallsDoNotAllocate(t *testing.T) {
	i := endless(t, InstanceConfig{})
	count, host := function(t, i, "count", 1, 1), function(t, i, "host_once", 0, 0)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		i.SetBudget(Budget{Time: time.Minute, Fuel: 1e9})
		_, _ = count.Call(10)
		_, _ = count.Call(1_000_000) // with ticks
		_, _ = host.Call()
	}))
}

func TestBudgetWithoutMeter(t *testing.T) {
	i := instantiate(t, InstanceConfig{})
	i.SetBudget(Budget{Time: 1, Fuel: 1})
	_, err := function(t, i, "add", 2, 1).Call(1, 2)
	require.NoError(t, err)
	assert.Zero(t, i.Fuel())
}

func TestKinds(t *testing.T) {
	misuse := &Misuse{Function: "call_host", Reason: "nonsense"}
	i := instantiate(t, InstanceConfig{Owner: &caller{called: func(uint32) uint32 { panic(misuse) }}})
	_, err := i.Function("missing", 0, 0)
	kind(t, KindMisuse, err)
	for name, want := range map[string]Kind{"trap": KindTrap, "exit": KindExit, "call_host": KindMisuse} {
		i := instantiate(t, InstanceConfig{Owner: &caller{called: func(uint32) uint32 { panic(misuse) }}})
		params := map[string]int{"exit": 1, "call_host": 1}[name]
		_, err := function(t, i, name, params, map[string]int{"call_host": 1}[name]).Call([]uint64{1}[:params]...)
		kind(t, want, err)
	}
	for _, name := range []string{"trap", "exit"} {
		i := instantiate(t, InstanceConfig{})
		_, err := function(t, i, "grow", 1, 1).Call(15)
		require.NoError(t, err)
		params := map[string]int{"exit": 1}[name]
		_, err = function(t, i, name, params, 0).Call([]uint64{2}[:params]...)
		kind(t, KindMemory, err)
	}
	_, err = function(t, endless(t, InstanceConfig{}), "grow_and_trap", 0, 0).Call()
	kind(t, KindTrap, err) // it had all memory from the start
}

func kind(t *testing.T, want Kind, err error) {
	t.Helper()
	var fault *Fault
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, want, fault.Kind(), fault.Error())
}

func BenchmarkCall(b *testing.B) {
	for name, c := range map[string]CompileConfig{"plain": {}, "metered": metering} {
		m, err := engine(b).Compile(context.Background(), "endless", guest(b, "endless"), c)
		require.NoError(b, err)
		i, err := m.Instantiate(InstanceConfig{Owner: &caller{called: func(n uint32) uint32 { return n }}})
		require.NoError(b, err)
		for _, export := range []string{"count", "host_once"} {
			b.Run(name+"/"+export, func(b *testing.B) {
				params := map[string]int{"count": 1}[export]
				f, err := i.Function(export, params, params)
				require.NoError(b, err)
				b.ReportAllocs()
				for b.Loop() {
					i.SetBudget(Budget{Time: time.Second, Fuel: 1e9})
					if _, err := f.Call([]uint64{1}[:params]...); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		i.Close()
	}
}
