package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/describegroups"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// MissingPermissions returns those of the permissions, on topics and groups, that
// the cluster does not grant us. It asks for what is granted, and tries nothing.
// Of a topic that does not exist nothing is said, nor by a broker that does not
// tell.
func (c *Client) MissingPermissions(ctx context.Context, wanted []Permission) ([]Permission, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.RequestTimeout)
	defer cancel()
	topics, err := c.grantedOnTopics(ctx, names(wanted, TopicResource))
	if err != nil {
		return nil, err
	}
	groups, err := c.grantedOnGroups(ctx, names(wanted, GroupResource))
	if err != nil {
		return nil, err
	}
	granted := map[Resource]map[string]grants{TopicResource: topics, GroupResource: groups}
	return slices.DeleteFunc(slices.Clone(wanted), func(p Permission) bool {
		g, said := granted[p.Resource][p.Name]
		return !said || g.has(p.Operation)
	}), nil
}

func names(wanted []Permission, on Resource) []string {
	var all []string
	for _, p := range wanted {
		if p.Resource == on && !slices.Contains(all, p.Name) {
			all = append(all, p.Name)
		}
	}
	return all
}

// grants is the protocol's set of operations, a bit for each.
type grants int32

// untold is what a broker answers that does not tell.
const untold = grants(math.MinInt32)

var operationBits = map[Operation]int{Read: 3, Write: 4, Create: 5, Describe: 8, DescribeConfigs: 10}

func (g grants) has(o Operation) bool { return g == untold || g&(1<<operationBits[o]) != 0 }

// hiddenOf are those of the topics that we may not see: who asks about every topic
// is not told that they are there.
func (c *Client) hiddenOf(ctx context.Context, names []string) (hidden []string, err error) {
	granted, err := c.grantedOnTopics(ctx, names)
	for _, name := range names {
		if g, said := granted[name]; said && !g.has(Describe) {
			hidden = append(hidden, name)
		}
	}
	return hidden, err
}

// grantsAnswer is an answer with metadata that the transport, which takes such an
// answer for one to its own request, is not shown.
type grantsAnswer struct{ topics []metadata.ResponseTopic }

// ApiKey is that of metadata.
func (*grantsAnswer) ApiKey() protocol.ApiKey { return protocol.Metadata } //nolint:revive // the name is kafka-go's

func readGrants(r io.Reader, version int16) (protocol.Message, error) {
	_, m, err := protocol.ReadResponse(r, protocol.Metadata, version)
	if err != nil {
		return nil, err
	}
	if version < grantsSince {
		return &grantsAnswer{}, nil
	}
	return &grantsAnswer{m.(*metadata.Response).Topics}, nil
}

// grantsSince is the version of a metadata request from which on grants are told.
const grantsSince = 8

func (c *Client) grantedOnTopics(ctx context.Context, names []string) (map[string]grants, error) {
	if len(names) == 0 {
		return nil, nil
	}
	m, err := c.roundTrip(ctx, &exchange{
		clientID: c.cfg.ClientID,
		Message:  &metadata.Request{TopicNames: names, IncludeTopicAuthorizedOperations: true},
		read:     readGrants,
	})
	if err != nil {
		return nil, fmt.Errorf("asking for permissions on topics: %w", err)
	}
	granted := map[string]grants{}
	for _, t := range m.(*grantsAnswer).topics {
		switch kafkago.Error(t.ErrorCode) {
		case kafkago.TopicAuthorizationFailed:
			granted[t.Name] = 0
		case 0:
			granted[t.Name] = grants(t.TopicAuthorizedOperations)
		}
	}
	return granted, nil
}

func (c *Client) grantedOnGroups(ctx context.Context, names []string) (map[string]grants, error) {
	granted := map[string]grants{}
	for _, name := range names {
		m, err := c.roundTrip(ctx, &describegroups.Request{Groups: []string{name}, IncludeAuthorizedOperations: true})
		if errors.Is(err, kafkago.GroupAuthorizationFailed) {
			granted[name] = 0
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("asking for permissions on group %s: %w", name, err)
		}
		for _, g := range m.(*describegroups.Response).Groups {
			switch kafkago.Error(g.ErrorCode) {
			case kafkago.GroupAuthorizationFailed:
				granted[name] = 0
			case 0:
				granted[name] = grants(g.AuthorizedOperations)
			default:
				return nil, fmt.Errorf("asking for permissions on group %s: %w", name, kafkago.Error(g.ErrorCode))
			}
		}
	}
	return granted, nil
}
