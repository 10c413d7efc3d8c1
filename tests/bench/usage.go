//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is the user and system time of a process, all its threads, to the nanosecond: its CPU-time clock (clock_getcpuclockid), which
// the kernel reads where /proc/PID/stat counts ticks of 10 ms.
func cpuTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED: the time that the scheduler gave
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// residentBytes is the resident memory of a process, what it shares with others included.
func residentBytes(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return sumKiB(status, "VmRSS:")
}

// privateBytes is the memory that no other process has.
func privateBytes(pid int) (float64, error) {
	smaps, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	return sumKiB(smaps, "Private_Clean:", "Private_Dirty:")
}

// sumKiB adds up the lines of these names, in a file of /proc such as "VmRSS:  1024 kB", and returns bytes.
func sumKiB(file []byte, names ...string) (float64, error) {
	sum := 0
	for _, name := range names {
		_, after, ok := bytes.Cut(file, []byte(name))
		fields := bytes.Fields(after)
		if !ok || len(fields) < 2 || string(fields[1]) != "kB" {
			return 0, fmt.Errorf("no %s in %q", name, file)
		}
		n, err := strconv.Atoi(string(fields[0]))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return float64(sum) * 1024, nil
}
