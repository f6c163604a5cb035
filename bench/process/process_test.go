package process

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAProcessAndItsCost(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	p, err := Start(t.TempDir(), "worker", "sh", "-c", `i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo "at home"; exec sleep 60`)
	if err != nil {
		t.Fatal(err)
	}
	said, err := p.Await(ctx, "at ")
	if err != nil || said != "home" {
		t.Errorf("said %q, %v", said, err)
	}
	if cpu, err := p.CPU(); err != nil || cpu <= 0 || cpu > 20*time.Second {
		t.Errorf("CPU %s, %v", cpu, err)
	}
	if rss, err := p.PeakRSS(); err != nil || rss < 100<<10 || rss > 1<<30 {
		t.Errorf("memory %d, %v", rss, err)
	}
	if err := p.Alive(); err != nil {
		t.Error(err)
	}
	if err := p.Stop(10 * time.Second); err != nil {
		t.Error(err)
	}
	if err := p.Alive(); !errors.Is(err, errEnded) || !strings.Contains(err.Error(), "at home") {
		t.Errorf("got %v", err)
	}
	if _, err := p.Await(ctx, "away "); !errors.Is(err, errEnded) {
		t.Errorf("got %v", err)
	}
}

func TestAProcessThatDoesNotStop(t *testing.T) {
	t.Parallel()
	p, err := Start(t.TempDir(), "deaf", "sh", "-c", `trap "" TERM; echo up; while :; do sleep 0.1; done`)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := p.Await(ctx, "up"); err != nil {
		t.Error(err)
	}
	if err := p.Stop(50 * time.Millisecond); err == nil {
		t.Error("want an error for one that had to be killed")
	}
	if _, err := Start(t.TempDir(), "none", "/nowhere"); err == nil {
		t.Error("want an error for a program that is not there")
	}
}

func TestOthers(t *testing.T) {
	t.Parallel()
	const stat = "cpu  100 10 50 900 40 5 5 30 20 20\ncpu0 1 2 3\n"
	if got, err := busy(stat); err != nil || got != 2*time.Second {
		t.Errorf("got %s, %v", got, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3\n", strings.Replace(stat, "cpu ", "cpus ", 1), strings.Replace(stat, "100", "x", 1)} {
		if _, err := busy(bad); !errors.Is(err, errStat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	start := Usage{at: time.Now(), own: time.Second, everyone: 10 * time.Second}
	second := time.Duration(runtime.NumCPU()) * time.Second
	for others, want := range map[time.Duration]float64{0: 0, second / 2: 0.5, second: 1, 2 * second: 1, -second: 0} {
		end := Usage{at: start.at.Add(time.Second), own: start.own + time.Second, everyone: start.everyone + time.Second + others}
		if got := end.Others(start); got != want {
			t.Errorf("%s: got %g, want %g", others, got, want)
		}
	}
	if start.Others(start) != 0 {
		t.Error("no time has no others")
	}
	if now, err := UsageOf(os.Getpid()); err != nil || now.everyone < now.own {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := UsageOf(-1); err == nil {
		t.Error("a process that is not there has used nothing")
	}
}

func TestCPUTicks(t *testing.T) {
	t.Parallel()
	const line = "4711 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 1200 34 0 0 20 0\n"
	if got, err := cpuTicks([]byte(line)); err != nil || got != 1234 {
		t.Errorf("got %d, %v", got, err)
	}
	for _, bad := range []string{"", "1 (x) S 1", strings.ReplaceAll(line, "1200", "x"), strings.ReplaceAll(line, "34", "x")} {
		if _, err := cpuTicks([]byte(bad)); !errors.Is(err, errStat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
