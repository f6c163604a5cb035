package chaos

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The defaults are what CI runs: one seed of a minute, and each planted fault.
var (
	seedsFlag    = flag.String("seeds", "1", "the seeds of the runs, separated by commas")
	commandsFlag = flag.Int("commands", 6000, "how many commands each run has")
	paceFlag     = flag.Int("pace", 60, "how many commands a second are published")
	plantedFlag  = flag.String("planted", "all", "the planted faults to run, separated by commas; all; none")
	controlsFlag = flag.Bool("controls", false, "runs the same with nothing planted, too")
	keepFlag     = flag.String("keep", "", "a directory in which everything that a run writes is kept")
)

// programs are built once, by TestMain.
var programs struct{ plain, planted string }

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	// The planted faults wait more than they work: all of them run side by side.
	if err := flag.Set("test.parallel", strconv.Itoa(2*len(plants))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if testing.Short() {
		return 0 // what is here takes minutes
	}
	dir, err := os.MkdirTemp("", "chaos-")
	if err == nil {
		defer os.RemoveAll(dir)
		programs.plain, err = build(dir, "processor")
	}
	if err == nil {
		programs.planted, err = build(dir, "processor-planted", "-tags", "planted")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	status := m.Run()
	if err := goleak.Find(); status == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

func build(dir, name string, flags ...string) (path string, err error) {
	path = filepath.Join(dir, name)
	c := exec.Command("go", append(append([]string{"build"}, flags...), "-o", path, "bankprocessor/cmd/processor")...)
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", name, err, out)
	}
	return path, nil
}

func seeds(t *testing.T) []uint64 {
	t.Helper()
	var all []uint64
	for text := range strings.SplitSeq(*seedsFlag, ",") {
		seed, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
		if err != nil {
			t.Fatalf("-seeds: %v", err)
		}
		all = append(all, seed)
	}
	return all
}

// directory is where a run keeps what it writes: its logs, configurations, ledger.
func directory(t *testing.T, name string) string {
	t.Helper()
	if *keepFlag == "" {
		return t.TempDir()
	}
	dir, err := filepath.Abs(filepath.Join(*keepFlag, name))
	must(t, err)
	must(t, os.RemoveAll(dir))
	must(t, os.MkdirAll(dir, 0o700))
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wait waits for d, or for the end of ctx, whose cause it then returns.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
