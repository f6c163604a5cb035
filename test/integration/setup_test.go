package integration

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"bankprocessor/test/containers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite is the package's tests with the broker that they share.
type suite struct{ m *testing.M }

func (s suite) Run() int {
	code := s.m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// sharedKafka starts when the first test asks for it.
type sharedKafka struct {
	once   sync.Once
	broker *containers.Kafka
	err    error
}

var shared sharedKafka

// sharedBrokers are the addresses of the plain broker that all tests may use, each
// with a topic prefix of its own.
func sharedBrokers(t *testing.T) []string {
	t.Helper()
	containers.Need(t)
	// It outlives the test that happens to be the first.
	shared.once.Do(func() { shared.broker, shared.err = containers.RunKafka(context.WithoutCancel(t.Context())) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return []string{shared.broker.Addr()}
}

func (s *sharedKafka) close() error {
	if s.broker == nil {
		return nil
	}
	return s.broker.Close()
}
