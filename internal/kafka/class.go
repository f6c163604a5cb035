package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"bankprocessor/internal/tlsfile"
)

// ErrUnknownTopic is what every error about a topic that does not exist is.
var ErrUnknownTopic = errors.New("unknown topic")

// UnknownTopicsError names the topics that do not exist.
type UnknownTopicsError struct{ Topics []string }

// Error names every topic.
func (e *UnknownTopicsError) Error() string {
	return "unknown topics: " + strings.Join(e.Topics, ", ")
}

// Is makes the error an ErrUnknownTopic.
func (e *UnknownTopicsError) Is(target error) bool { return target == ErrUnknownTopic }

// ErrorClass is what an error asks its caller to do.
type ErrorClass uint8

// The classes.
const (
	// ClassNone is no error.
	ClassNone ErrorClass = iota
	// ClassRetriable passes by itself: wait a little, try again.
	ClassRetriable
	// ClassLeaderMoved likewise, after RefreshMetadata and Leaders.
	ClassLeaderMoved
	// ClassUnknownTopic: the topic or partition is not there. It may be a broker
	// that has not heard of it yet; if it stays, somebody must create it.
	ClassUnknownTopic
	// ClassRebalancing: the group is about to have a new generation. A commit is
	// tried again, everything else of this generation ends.
	ClassRebalancing
	// ClassFenced: the generation is over and the partitions belong to somebody
	// else. Stop; commit nothing.
	ClassFenced
	// ClassOutOfRange: the offset does not exist (any more).
	ClassOutOfRange
	// ClassTooLarge: no retry makes the record, batch or metadata smaller.
	ClassTooLarge
	// ClassAuth: credentials, certificates or permissions are refused. Nothing
	// is wrong with the data: wait, and say so loudly.
	ClassAuth
	// ClassCorrupt: bytes from the broker are not what the protocol says.
	ClassCorrupt
	// ClassCanceled: the caller's own context or client has ended.
	ClassCanceled
	// ClassFatal: a request that can never succeed as it is, or an error that
	// nobody foresaw.
	ClassFatal
)

var classNames = [...]string{
	ClassNone: "none", ClassRetriable: "retriable", ClassLeaderMoved: "leader_moved",
	ClassUnknownTopic: "unknown_topic", ClassRebalancing: "rebalancing", ClassFenced: "fenced",
	ClassOutOfRange: "out_of_range", ClassTooLarge: "too_large", ClassAuth: "auth",
	ClassCorrupt: "corrupt", ClassCanceled: "canceled", ClassFatal: "fatal",
}

// String is the class as a metric label.
func (c ErrorClass) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class_%d", uint8(c))
}

// Passing says whether the same request may succeed later without anybody
// changing the data. Outages, moved leaders, missing topics and refused
// credentials all do: an operator mends them while the data waits.
func (c ErrorClass) Passing() bool {
	switch c {
	case ClassRetriable, ClassLeaderMoved, ClassUnknownTopic, ClassAuth, ClassCorrupt:
		return true
	}
	return false
}

// Class classifies any error of this package, by type and number, never by text.
func Class(err error) ErrorClass {
	if err == nil {
		return ClassNone
	}
	var (
		numbered kafkago.Error
		setting  *SettingError
	)
	switch {
	case errors.Is(err, ErrWithheld): // whatever the reason, it may be permitted later
		return ClassRetriable
	case errors.As(err, &numbered):
		return classOfNumber(numbered)
	case errors.Is(err, context.Canceled), errors.Is(err, ErrClosed), errors.Is(err, ErrGroupClosed):
		return ClassCanceled
	case errors.As(err, &setting):
		if setting.passing {
			return ClassRetriable
		}
		return ClassAuth
	case errors.Is(err, ErrUnknownTopic), errors.Is(err, protocol.ErrNoTopic), errors.Is(err, protocol.ErrNoPartition):
		return ClassUnknownTopic
	case errors.Is(err, protocol.ErrNoLeader), errors.Is(err, errLeadersDiffer):
		return ClassLeaderMoved
	case errors.Is(err, ErrCorrupt):
		return ClassCorrupt
	case errors.Is(err, errNoAnswer), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return ClassRetriable
	case isTLSRefusal(err):
		return ClassAuth
	}
	// A refused, reset or timed out connection, a name that does not resolve:
	// the network's affair.
	if netErr := net.Error(nil); errors.As(err, &netErr) {
		return ClassRetriable
	}
	return ClassFatal
}

func isTLSRefusal(err error) bool {
	// A refusal by the broker's side of the handshake.
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Op == "remote error" {
		return true
	}
	var (
		verification *tls.CertificateVerificationError
		header       tls.RecordHeaderError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		expired      *tlsfile.ExpiredError
	)
	return errors.As(err, &verification) || errors.As(err, &header) ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &expired)
}

// classOfNumber is the table of the protocol's error codes. kafka-go's own
// Temporary lacks some and has some that no client can wait for.
func classOfNumber(e kafkago.Error) ErrorClass {
	switch e {
	case 0:
		return ClassNone
	case kafkago.LeaderNotAvailable, // an election is under way
		kafkago.NotLeaderForPartition,
		kafkago.ReplicaNotAvailable,
		kafkago.BrokerNotAvailable, // the transport knows no such broker (any more)
		kafkago.KafkaStorageError,  // the leader's disk failed: another takes over
		kafkago.FencedLeaderEpoch,
		kafkago.UnknownLeaderEpoch,
		kafkago.ListenerNotFound:
		return ClassLeaderMoved
	case kafkago.UnknownTopicOrPartition, kafkago.UnknownTopicID, kafkago.InconsistentTopicID:
		return ClassUnknownTopic
	case kafkago.RequestTimedOut, // acks=all: the replicas did not answer in time
		kafkago.NetworkException,
		kafkago.GroupLoadInProgress,
		kafkago.GroupCoordinatorNotAvailable,
		kafkago.NotCoordinatorForGroup, // the next request asks for the coordinator anew
		kafkago.NotEnoughReplicas,
		kafkago.NotEnoughReplicasAfterAppend, // stored, but not safe yet: a retry duplicates
		kafkago.NotController,
		kafkago.FetchSessionIDNotFound,
		kafkago.InvalidFetchSessionEpoch,
		kafkago.OffsetNotAvailable, // a new leader does not know its high watermark yet
		kafkago.PreferredLeaderNotAvailable,
		kafkago.UnstableOffsetCommit,
		kafkago.ThrottlingQuotaExceeded,
		kafkago.Unknown: // the broker met an error of its own
		return ClassRetriable
	case kafkago.RebalanceInProgress:
		return ClassRebalancing
	case kafkago.IllegalGeneration, kafkago.UnknownMemberId, kafkago.FencedInstanceID:
		return ClassFenced
	case kafkago.OffsetOutOfRange:
		return ClassOutOfRange
	case kafkago.MessageSizeTooLarge, kafkago.RecordListTooLarge, kafkago.OffsetMetadataTooLarge,
		kafkago.InvalidCommitOffsetSize:
		return ClassTooLarge
	case kafkago.TopicAuthorizationFailed, kafkago.GroupAuthorizationFailed, kafkago.ClusterAuthorizationFailed,
		kafkago.SASLAuthenticationFailed, kafkago.UnsupportedSASLMechanism, kafkago.IllegalSASLState,
		kafkago.SecurityDisabled, kafkago.BrokerAuthorizationFailed, kafkago.UnacceptableCredential:
		return ClassAuth
	case kafkago.InvalidMessage: // the checksum did not survive the way
		return ClassCorrupt
	}
	return ClassFatal
}
