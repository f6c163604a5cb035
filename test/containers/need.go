package containers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// Need skips t where no Docker engine answers, and fails it where CI is set.
func Need(t testing.TB) {
	t.Helper()
	need(t, os.Getenv("CI"), "a Docker engine", Engine(t.Context()))
}

// NeedProgram skips t where a program is not installed, and fails it where CI is
// set. It returns the program's path.
func NeedProgram(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	need(t, os.Getenv("CI"), name, err)
	return path
}

// need ends t when absent says why what t needs is not there: a test that cannot
// run where ci says that all must run is a failed one.
func need(t testing.TB, ci, what string, absent error) {
	t.Helper()
	switch {
	case absent == nil:
	case ci != "":
		t.Fatalf("NOT RUN: this needs %s, and where CI is set nothing is skipped: %v", what, absent)
	default:
		t.Skipf("SKIPPED, AND SO NOT SHOWN: this needs %s: %v", what, absent)
	}
}

// Engine says why no Docker engine can be used; nil when one answers.
func Engine(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider(testcontainers.WithLogger(log.NewNoopLogger()))
	if err != nil {
		return fmt.Errorf("looking for a Docker engine: %w", err)
	}
	defer func() { _ = provider.Close() }()
	// Its Health remembers the first answer.
	if _, err := provider.Client().Ping(ctx, client.PingOptions{}); err != nil {
		return fmt.Errorf("asking the Docker engine: %w", err)
	}
	return nil
}
