package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/apiversions"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// Client speaks to one Kafka cluster over one pooled transport. It is safe for
// concurrent use.
type Client struct {
	cfg       Config
	addr      net.Addr
	dialer    *dialer
	transport *kafkago.Transport
	names     *headerNames // of headers

	mu        sync.Mutex
	refreshed time.Time
}

const (
	// refreshGap keeps a crowd of callers that all met the same leader error
	// from throwing away the fresh metadata that the first of them asked for.
	refreshGap = 20 * time.Millisecond
	// missingGap likewise, where a topic is missing: a refresh ends idle
	// connections, and a topic may be missing for long.
	missingGap = time.Second
)

// New builds a client; it connects to nothing yet.
func New(cfg Config) (*Client, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	d, err := newDialer(cfg)
	if err != nil {
		return nil, err
	}
	return &Client{
		cfg:    cfg,
		addr:   allOf(kafkago.TCP(cfg.Brokers...)),
		dialer: d,
		names:  &headerNames{},
		transport: &kafkago.Transport{
			Dial: d.dial,
			// It is for all addresses together, of which the first may be silent; the
			// dialer bounds each.
			DialTimeout:    cfg.DialTimeout * time.Duration(len(cfg.Brokers)),
			MetadataTTL:    cfg.MetadataTTL,
			MetadataTopics: cfg.Topics,
			ClientID:       cfg.ClientID,
		},
	}, nil
}

// addresses are those of all brokers, as kafka-go joins them anew for each request.
type addresses struct{ network, address string }

func allOf(brokers net.Addr) addresses { return addresses{brokers.Network(), brokers.String()} }

// Network returns a network for each address.
func (a addresses) Network() string { return a.network }

// String returns the addresses.
func (a addresses) String() string { return a.address }

// Close ends every connection; requests under way fail. The client is of no use
// afterwards.
func (c *Client) Close() {
	c.transport.CloseIdleConnections()
	c.dialer.close()
}

// RefreshMetadata forgets what the transport knows of leaders, after a leader
// error.
func (c *Client) RefreshMetadata() { c.refresh(refreshGap) }

// refresh does nothing when the last one was less than gap ago, and says so.
func (c *Client) refresh(gap time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.refreshed) < gap {
		return false
	}
	c.refreshed = time.Now()
	c.transport.CloseIdleConnections()
	return true
}

// Leaders returns the leading broker's node id of every partition of the topics,
// -1 for a partition that has none at the moment. A topic that does not exist is
// an error that errors.Is ErrUnknownTopic and names every missing topic. Where the
// only error is that we may not see some topics (DeniedTopics), the others are
// returned beside it.
func (c *Client) Leaders(ctx context.Context, topics ...string) (map[TopicPartition]int32, error) {
	found, err := c.topics(ctx, topics)
	if err != nil && (len(DeniedTopics(err)) == 0 || errors.Is(err, ErrUnknownTopic)) {
		return nil, err
	}
	leaders := map[TopicPartition]int32{}
	for _, t := range found {
		for _, p := range t.Partitions {
			leader := p.LeaderID
			if p.ErrorCode != 0 {
				leader = -1
			}
			leaders[TopicPartition{t.Name, p.PartitionIndex}] = leader
		}
	}
	return leaders, err
}

// topics returns the metadata of topics that must all exist. The cache of the
// transport may not know a new topic yet, so that a missing one is looked for
// twice, missingGap permitting.
func (c *Client) topics(ctx context.Context, names []string) ([]metadata.ResponseTopic, error) {
	found, err := c.lookUp(ctx, names)
	if errors.Is(err, ErrUnknownTopic) && c.refresh(missingGap) {
		return c.lookUp(ctx, names)
	}
	return found, err
}

func (c *Client) lookUp(ctx context.Context, names []string) ([]metadata.ResponseTopic, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	m, err := c.roundTrip(ctx, &metadata.Request{TopicNames: names})
	if err != nil {
		return nil, fmt.Errorf("reading metadata: %w", err)
	}
	topics := m.(*metadata.Response).Topics
	var missing UnknownTopicsError
	var errs []error
	for _, t := range topics {
		switch kafkago.Error(t.ErrorCode) {
		case 0, kafkago.LeaderNotAvailable:
		case kafkago.UnknownTopicOrPartition:
			missing.Topics = append(missing.Topics, t.Name)
		default:
			errs = append(errs, fmt.Errorf("reading metadata of %s: %w", t.Name, needing(onTopic(Describe, t.Name), kafkago.Error(t.ErrorCode))))
		}
	}
	hidden, err := c.hiddenOf(ctx, missing.Topics)
	missing.Topics = slices.DeleteFunc(missing.Topics, func(name string) bool { return slices.Contains(hidden, name) })
	for _, name := range hidden {
		errs = append(errs, fmt.Errorf("reading metadata of %s: %w", name, needing(onTopic(Describe, name), kafkago.TopicAuthorizationFailed)))
	}
	if len(missing.Topics) > 0 {
		errs = append(errs, &missing)
	}
	return topics, errors.Join(append(errs, err)...)
}

// roundTrip sends one request. kafka-go routes by the metadata that it has; when
// it has none because no broker could be reached, it says "topic not found".
// The truth is then in the error of the metadata itself.
func (c *Client) roundTrip(ctx context.Context, req protocol.Message) (protocol.Message, error) {
	m, err := c.transport.RoundTrip(ctx, c.addr, req)
	if err == nil {
		return m, nil
	}
	if errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition) || errors.Is(err, kafkago.BrokerNotAvailable) {
		m, unreachable := c.transport.RoundTrip(ctx, c.addr, &metadata.Request{})
		if unreachable != nil {
			c.RefreshMetadata()
			return nil, unreachable
		}
		return nil, hidden(err, m.(*metadata.Response))
	}
	return nil, err
}

// hidden tells a topic that we may not see from one that is not there.
func hidden(err error, m *metadata.Response) error {
	var (
		topic     *protocol.TopicError
		partition *protocol.TopicPartitionError
		name      string
	)
	switch {
	case errors.As(err, &topic):
		name = topic.Topic
	case errors.As(err, &partition):
		name = partition.Topic
	}
	for _, t := range m.Topics {
		if t.Name == name && kafkago.Error(t.ErrorCode) == kafkago.TopicAuthorizationFailed {
			return needing(onTopic(Describe, name), kafkago.TopicAuthorizationFailed)
		}
	}
	return err
}

// Ping asks a broker for its API versions. When that fails, every address is
// tried, and the error says what came of each.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	var err error
	for range 2 { // an idle connection may have died unnoticed
		if _, err = c.roundTrip(ctx, &apiversions.Request{}); err == nil {
			return nil
		}
	}
	var errs []error
	refused := 0
	for _, broker := range c.cfg.Brokers {
		conn, err := c.dialer.dial(ctx, "tcp", broker)
		if err == nil {
			_ = conn.Close()
			err = fmt.Errorf("broker %s: accepts connections", broker)
		} else {
			refused++
		}
		errs = append(errs, err)
	}
	if refused == len(errs) {
		return errors.Join(errs...)
	}
	return errors.Join(append([]error{fmt.Errorf("asking a broker: %w", err)}, errs...)...)
}
