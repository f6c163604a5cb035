package story

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/test/story/world"
)

// program is the command line, which TestMain builds.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "story-")
	if err == nil {
		defer os.RemoveAll(dir)
		program, err = world.Build(dir)
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

func open(t *testing.T) *world.World {
	t.Helper()
	return world.Open(t, world.Options{Program: program, Sealed: true})
}
