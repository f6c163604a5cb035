package process

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Usage is how much of the machine some processes have used by one moment, and how
// much everybody.
type Usage struct {
	at            time.Time
	own, everyone time.Duration
}

// UsageOf reads what the machine has done so far, and those processes.
func UsageOf(pids ...int) (Usage, error) {
	u := Usage{at: time.Now()}
	for _, pid := range pids {
		cpu, err := cpuOf(pid)
		if err != nil {
			return u, err
		}
		u.own += cpu
	}
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return u, fmt.Errorf("reading the machine's CPU time: %w", err)
	}
	u.everyone, err = busy(string(text))
	return u, err
}

// Others is the share of the machine's processors, 0 to 1, that other programs have
// taken since an earlier moment: what a measurement in between may be wrong by.
func (u Usage) Others(since Usage) float64 {
	capacity := u.at.Sub(since.at).Seconds() * float64(runtime.NumCPU())
	if capacity <= 0 {
		return 0
	}
	others := (u.everyone - since.everyone) - (u.own - since.own)
	return min(max(others.Seconds()/capacity, 0), 1)
}

// busy adds up the first line of /proc/stat but for idle and iowait, the fourth and
// fifth number, and guests, which are counted as users already.
func busy(stat string) (time.Duration, error) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, errStat
	}
	ticks := int64(0)
	for i, field := range fields[1:9] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, errStat
		}
		if i != 3 && i != 4 {
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

func cpuOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("reading a process's CPU time: %w", err)
	}
	ticks, err := cpuTicks(text)
	if err != nil {
		return 0, fmt.Errorf("reading the CPU time of process %d: %w", pid, err)
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}
