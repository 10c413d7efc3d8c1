package shard

import (
	"log/slog"
	"time"

	"github.com/portholehttp/porthole/abi"
	"github.com/portholehttp/porthole/host/internal/sandbox"
)

// maxStarting is how many instances of a version are made at the same time: they compete with the loop for processors.
const maxStarting = 2

// start begins to make an instance. That takes milliseconds for guests in some languages, so it happens on a goroutine of its own,
// up to _initialize. What remains is done by started.
func (v *version) start() {
	s := v.shard
	v.starting++
	stdout := s.output(v.name, "stdout", slog.LevelInfo)
	stderr := s.output(v.name, "stderr", slog.LevelWarn)
	i := &instance{
		version: v, shard: s, number: s.nextNumber(), idle: true,
		output: []*sandbox.Lines{stdout, stderr}, servers: make(map[uint32]*server),
	}
	s.numbers[i.number] = nil // taken
	door := &door{tooEarly{}}
	c := sandbox.InstanceConfig{
		Owner: door, Args: v.Args, Env: v.Env, Stdout: stdout, Stderr: stderr, Clock: s.config.Clock,
		Budget: sandbox.Budget{Time: v.Limits.StartTimeout}, Interrupt: s.interrupt,
	}
	s.starts.Go(func() {
		began := time.Now()
		guest, err := v.Module.Instantiate(c)
		took := time.Since(began)
		if !s.loop.Post(func() { s.started(i, guest, err, door, took) }) && guest != nil {
			guest.Close()
		}
	})
}

// started goes on with an instance that was made, or was not.
func (s *Shard) started(i *instance, guest *sandbox.Instance, err error, door *door, took time.Duration) {
	v := i.version
	v.starting--
	i.sandbox = guest
	if isClosed(s.interrupt) || err == nil && v.retired && v.queue.length == 0 { // nobody needs it any more
		delete(s.numbers, i.number)
		if guest != nil {
			guest.Close()
		}
		v.isReady(ErrClosed)
		s.stir(v)
		s.settle()
		return
	}
	if err == nil {
		door.Host = i
		began := time.Now()
		err = i.setUp(took)
		took += time.Since(began)
	} else {
		i.flush()
		delete(s.numbers, i.number)
	}
	if err != nil {
		v.keepOrphans()
		v.notStarted(err)
	} else {
		v.closeOrphans()
		if v.Observer != nil {
			v.Observer.Instance(took, false)
		}
		v.backoff.works(s.loop.Now())
		i.whenTold(func() {
			v.put(i)
			v.isReady(nil)
		})
	}
	s.settle()
}

// whenTold calls f when what i is to be told of its listening has been delivered, unless it dies of that.
func (i *instance) whenTold(f func()) {
	if i.asked == 0 || !i.version.ready {
		f()
		return
	}
	s := i.shard
	s.loop.Post(func() {
		if !i.dead {
			f()
			s.settle()
		}
	})
}

// setUp has an instance set itself up.
func (i *instance) setUp(took time.Duration) error {
	s, v := i.shard, i.version
	i.timer = s.loop.NewTimer(i.timeout)
	v.live = append(v.live, i)
	s.numbers[i.number] = i
	var start *sandbox.Function
	err := lookUp(i.sandbox, abi.HandlerExports, map[string]**sandbox.Function{
		"on_start": &start,
		"on_inbox": &i.inbox,
		"on_event": &i.onEvent,
	})
	if err == nil {
		i.startBudget(took)
		i.running = true
		_, err = start.Call()
		i.running = false
		i.sandbox.SetBudget(sandbox.Budget{Time: v.Limits.EventTimeout})
	}
	if err != nil {
		i.flush()
		s.remove(i)
		s.drop(i)
		s.orphan(i)
		i.timer.Set(0)
		i.sandbox.Close()
		return err
	}
	if v.Isolation == Fresh {
		i.keepOrigin()
	}
	return nil
}

// notStarted takes note that there is no instance.
func (v *version) notStarted(err error) {
	if !v.ready {
		v.observeFault(err)
		v.isReady(err)
		v.shard.retire(v)
		return
	}
	v.shard.logFault("handler did not start", "handler", err)
	v.observeFault(err)
	v.faulted()
}

// isReady tells who waits for the first instance what came of it.
func (v *version) isReady(err error) {
	if err == nil {
		v.ready = true
	}
	for _, result := range v.prepared {
		result <- err
	}
	v.prepared = nil
}

// isClosed reports whether c is closed; nothing is sent on it.
func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
