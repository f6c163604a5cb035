package deploy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "test-deploy-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programs.dir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// programs are the processor's, each version built once for all tests.
var programs shared

type shared struct {
	mu   sync.Mutex
	dir  string
	have map[string]string // the files, by version
}

// build makes the processor's program of a version, as a release does.
func build(t *testing.T, version string) (binary string) {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if binary := programs.have[version]; binary != "" {
		return binary
	}
	binary = filepath.Join(programs.dir, version, "processor")
	c := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version, "-o", binary, "bankprocessor/cmd/processor")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("building the processor: %v\n%s", err, out)
	}
	if programs.have == nil {
		programs.have = map[string]string{}
	}
	programs.have[version] = binary
	return binary
}
