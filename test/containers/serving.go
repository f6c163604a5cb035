package containers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// serving waits until the broker answers through its plain listener that it
// has a controller and serves clients.
func (k *Kafka) serving(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(k.Addr()),
		kgo.DialTimeout(2*time.Second),
		kgo.RequestRetries(0),
		kgo.ConsiderMissingTopicDeletedAfter(time.Second),
	)
	if err != nil {
		return fmt.Errorf("asking the broker: %w", err)
	}
	defer client.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := complete(ctx, client)
		if err == nil {
			return nil
		}
		if state, stateErr := k.container.State(ctx); stateErr == nil && !state.Running {
			return fmt.Errorf("the broker has ended with %d: %w", state.ExitCode, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the broker does not serve: %w", errors.Join(context.Cause(ctx), err))
		case <-tick.C:
		}
	}
}

func complete(ctx context.Context, client *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{}
	answer, err := request.RequestWith(ctx, client)
	switch {
	case err != nil:
		return fmt.Errorf("asking the broker: %w", err)
	case len(answer.Brokers) == 0:
		return errors.New("the broker is fenced")
	case answer.ControllerID < 0:
		return errors.New("no controller")
	}
	return nil
}
