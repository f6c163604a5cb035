package kafka

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Each case is an error as it reaches a caller, with why it is in its class.
func TestEveryErrorHasItsClass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why  string
		err  error
		want ErrorClass
	}{
		{"no error", nil, ClassNone},
		{"a partition was moved; its old leader says so", kafkago.NotLeaderForPartition, ClassLeaderMoved},
		{"an election is under way", kafkago.LeaderNotAvailable, ClassLeaderMoved},
		{"the metadata has no leader: kafka-go's error is not marked temporary", protocol.NewErrNoLeader("a", 0), ClassLeaderMoved},
		{"the same, out of a request", produce.NewError(protocol.NewErrNoLeader("a", 0)), ClassLeaderMoved},
		{"leaders moved between two look-ups", errLeadersDiffer, ClassLeaderMoved},
		{"the transport's metadata names no such broker", kafkago.BrokerNotAvailable, ClassLeaderMoved},
		{"the leader's disk failed", kafkago.KafkaStorageError, ClassLeaderMoved},
		{"the topic is not there", &UnknownTopicsError{Topics: []string{"a"}}, ClassUnknownTopic},
		{"a broker has not heard of the topic yet", kafkago.UnknownTopicOrPartition, ClassUnknownTopic},
		{"the metadata lacks the topic", fetch.NewError(protocol.NewErrNoTopic("a")), ClassUnknownTopic},
		{"the topic has fewer partitions", protocol.NewErrNoPartition("a", 9), ClassUnknownTopic},
		{"the replicas did not answer in time", kafkago.RequestTimedOut, ClassRetriable},
		{"stored on too few replicas", kafkago.NotEnoughReplicasAfterAppend, ClassRetriable},
		{"the coordinator moved", kafkago.NotCoordinatorForGroup, ClassRetriable},
		{"the coordinator reads its log", kafkago.GroupLoadInProgress, ClassRetriable},
		{"a broker's own fault", kafkago.Unknown, ClassRetriable},
		{"quota", kafkago.ThrottlingQuotaExceeded, ClassRetriable},
		{"nobody listens", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ClassRetriable},
		{"a connection was reset", &net.OpError{Op: "read", Err: syscall.ECONNRESET}, ClassRetriable},
		{"a name does not resolve", &net.DNSError{Err: "no such host", Name: "kafka", IsNotFound: true}, ClassRetriable},
		{"the broker closed the connection", io.ErrUnexpectedEOF, ClassRetriable},
		{"our own bound on a request", context.DeadlineExceeded, ClassRetriable},
		{"the same, at the connection", os.ErrDeadlineExceeded, ClassRetriable},
		{"a partition is missing in an answer", errNoAnswer, ClassRetriable},
		{"a request was not permitted to leave", fmt.Errorf("%w: %w", ErrWithheld, context.Canceled), ClassRetriable},
		{"a rebalance has begun", kafkago.RebalanceInProgress, ClassRebalancing},
		{"the generation is over", kafkago.IllegalGeneration, ClassFenced},
		{"the session ended", kafkago.UnknownMemberId, ClassFenced},
		{"another process has the same instance id", kafkago.FencedInstanceID, ClassFenced},
		{"retention took the offset", kafkago.OffsetOutOfRange, ClassOutOfRange},
		{"above max.message.bytes", kafkago.MessageSizeTooLarge, ClassTooLarge},
		{"above segment.bytes", kafkago.RecordListTooLarge, ClassTooLarge},
		{"above offset.metadata.max.bytes", kafkago.OffsetMetadataTooLarge, ClassTooLarge},
		{"a refused password", kafkago.SASLAuthenticationFailed, ClassAuth},
		{"no permission", kafkago.TopicAuthorizationFailed, ClassAuth},
		{"a broker with a foreign certificate", x509.UnknownAuthorityError{}, ClassAuth},
		{"the broker refused our certificate", &net.OpError{Op: "remote error", Err: errors.New("alert")}, ClassAuth},
		{"a checksum", ErrCorrupt, ClassCorrupt},
		{"the broker found a checksum wrong", kafkago.InvalidMessage, ClassCorrupt},
		{"the caller's context", context.Canceled, ClassCanceled},
		{"the client is closed", ErrClosed, ClassCanceled},
		{"the group is closed", ErrGroupClosed, ClassCanceled},
		{"a policy of the cluster", kafkago.PolicyViolation, ClassFatal},
		{"an old broker", kafkago.UnsupportedVersion, ClassFatal},
		{"a code of a later Kafka", kafkago.Error(9999), ClassFatal},
		{"something else", errors.New("something else"), ClassFatal},
	} {
		for _, err := range []error{tt.err, fmt.Errorf("producing: %w", tt.err)} {
			if tt.err == nil {
				err = nil
			}
			if got := Class(err); got != tt.want {
				t.Errorf("%s: got %v, want %v", tt.why, got, tt.want)
			}
		}
	}
}

// Whatever the protocol calls retriable passes here too, but for two.
func TestTheProtocolsRetriableErrorsPass(t *testing.T) {
	t.Parallel()
	for code := int16(1); code < 200; code++ {
		err := kerr.ErrorForCode(code)
		known := &kerr.Error{}
		if !errors.As(err, &known) || !known.Retriable || code > int16(kafkago.FetchSessionTopicIDError) {
			continue
		}
		class := classOfNumber(kafkago.Error(code))
		switch known {
		case kerr.ConcurrentTransactions, kerr.UnknownProducerID, kerr.ElectionNotNeeded, kerr.FetchSessionTopicIDError,
			kerr.EligibleLeadersNotAvailable, kerr.NotController:
			continue // of requests that this package does not send
		}
		if !class.Passing() {
			t.Errorf("%v: got %v", known, class)
		}
	}
}

func TestClassesHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for c := ClassNone; c <= ClassFatal; c++ {
		if name := c.String(); name == "" || seen[name] {
			t.Errorf("class %d is called %q", c, name)
		} else {
			seen[name] = true
		}
	}
	if got := (ClassFatal + 1).String(); got != "class_12" {
		t.Errorf("got %s", got)
	}
}
