package endtoend

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/test/containers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite is the package's tests with the broker that they share.
type suite struct{ m *testing.M }

// sideBySide is how many parallel tests run at a time, whatever the machine's
// cores: most of them wait for most of their time.
const sideBySide = "4"

// Run runs the tests, in between the start and the end of a container where one is
// asked for. Without an engine every test says itself what it misses.
func (s suite) Run() int {
	flag.Parse()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	ctx := context.Background()
	if os.Getenv(brokerVariable) != containerized || containers.Engine(ctx) != nil {
		return s.m.Run()
	}
	broker, err := containers.RunKafka(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := broker.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if err := os.Setenv(brokerVariable, broker.Addr()); err != nil { // for this process and its children
		panic(err)
	}
	return s.m.Run()
}
