package containers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/network"
)

// endWithin bounds what is done after a test, when its own context is over.
const endWithin = 30 * time.Second

// Run starts a container of image and ends it with the test.
func Run(t testing.TB, image string, opts ...testcontainers.ContainerCustomizer) testcontainers.Container {
	t.Helper()
	Need(t)
	c, err := testcontainers.Run(t.Context(), image, quietly(opts)...)
	removeAfter(t, c)
	if err != nil {
		t.Fatalf("running a container of %s: %v", image, err)
	}
	return c
}

// removeAfter removes c when t ends, and shows the end of its log if t has failed. A
// nil container is ignored.
func removeAfter(t testing.TB, c testcontainers.Container) {
	if absent(c) {
		return
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log of the container %.12s:\n%s", c.GetContainerID(), LogTail(c))
		}
		if err := remove(c); err != nil {
			t.Error(err)
		}
	})
}

// NewNetwork makes a network whose containers find each other by their aliases; it
// ends with the test, after the containers that were started later.
func NewNetwork(t testing.TB) *testcontainers.DockerNetwork {
	t.Helper()
	Need(t)
	nw, err := network.New(t.Context())
	if err != nil {
		t.Fatalf("creating a network: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), endWithin)
		defer cancel()
		if err := nw.Remove(ctx); err != nil {
			t.Errorf("removing a network: %v", err)
		}
	})
	return nw
}

// Kill ends c's process at once (SIGKILL). The container stays and can be started again.
func Kill(ctx context.Context, c testcontainers.Container) error {
	engine, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fmt.Errorf("killing a container: %w", err)
	}
	defer func() { _ = engine.Close() }()
	if _, err := engine.ContainerKill(ctx, c.GetContainerID(), client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil {
		return fmt.Errorf("killing a container: %w", err)
	}
	return nil
}

// LogTail is the last 16 KiB that c's process has written to its outputs.
func LogTail(c testcontainers.Container) string {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	logs, err := c.Logs(ctx)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	defer func() { _ = logs.Close() }()
	all, err := io.ReadAll(logs)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	const most = 16 << 10
	if len(all) > most {
		all = all[len(all)-most:]
		all = all[bytes.IndexByte(all, '\n')+1:]
	}
	return string(all)
}

// remove ends c without waiting for it, and takes its volumes away.
func remove(c testcontainers.Container) error {
	ctx, cancel := context.WithTimeout(context.Background(), endWithin)
	defer cancel()
	if err := c.Terminate(ctx, testcontainers.StopContext(ctx), testcontainers.StopTimeout(0)); err != nil {
		return fmt.Errorf("removing a container: %w", err)
	}
	return nil
}

// absent says that a failed start has left no container.
func absent(c testcontainers.Container) bool {
	docker, ok := c.(*testcontainers.DockerContainer)
	return c == nil || ok && docker == nil
}

// quietly keeps the library's own lines out of a test's output.
func quietly(opts []testcontainers.ContainerCustomizer) []testcontainers.ContainerCustomizer {
	return append([]testcontainers.ContainerCustomizer{testcontainers.WithLogger(log.NewNoopLogger())}, opts...)
}
