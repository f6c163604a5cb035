package kafka

import (
	"errors"

	kafkago "github.com/segmentio/kafka-go"
)

// Permission is what an access control list of the cluster grants: an operation
// on a resource.
type Permission struct {
	Operation Operation
	Resource  Resource
	Name      string // of the topic or group; "" for the cluster
}

// Operation is named as the cluster's tools name it.
type Operation string

// The operations that a client of ours may need. Read, Write, Delete and Alter
// include Describe.
const (
	Read            Operation = "Read"
	Write           Operation = "Write"
	Create          Operation = "Create"
	Describe        Operation = "Describe"
	DescribeConfigs Operation = "DescribeConfigs"
)

// Resource is a kind of thing that permissions are granted on.
type Resource string

// The resources.
const (
	TopicResource   Resource = "topic"
	GroupResource   Resource = "group"
	ClusterResource Resource = "cluster"
)

// String says it as "Read on topic customer.create".
func (p Permission) String() string {
	text := string(p.Operation) + " on " + string(p.Resource)
	if p.Name != "" {
		text += " " + p.Name
	}
	return text
}

// DeniedError says which permission the cluster has not granted us.
type DeniedError struct {
	Permission
	err error
}

// Error says what an operator is to grant. Who may not even see a topic may lack
// the permission to read or to write it, too.
func (e *DeniedError) Error() string {
	text := "not permitted: grant " + e.String() + " to our principal"
	if e.Operation == Describe {
		text += ", or what includes it: Read or Write"
	}
	return text + " (docs/kafka-security.md): " + e.err.Error()
}

// Unwrap returns the protocol's error.
func (e *DeniedError) Unwrap() error { return e.err }

// DeniedTopics are the topics that an error says we have no permission on.
func DeniedTopics(err error) []string {
	switch e := err.(type) { //nolint:errorlint // the tree itself is walked
	case *DeniedError:
		if e.Resource == TopicResource {
			return []string{e.Name}
		}
	case interface{ Unwrap() []error }:
		var all []string
		for _, inner := range e.Unwrap() {
			all = append(all, DeniedTopics(inner)...)
		}
		return all
	case interface{ Unwrap() error }:
		return DeniedTopics(e.Unwrap())
	}
	return nil
}

// needing says of an error which permission was missing, if that is what it says.
// The topic or group of the error itself counts where they differ from p's: a
// commit needs both.
func needing(p Permission, err error) error {
	var number kafkago.Error
	if !errors.As(err, &number) {
		return err
	}
	switch number {
	case kafkago.TopicAuthorizationFailed, kafkago.GroupAuthorizationFailed, kafkago.ClusterAuthorizationFailed:
		return &DeniedError{p, err}
	}
	return err
}

func onTopic(o Operation, name string) Permission { return Permission{o, TopicResource, name} }
func onGroup(o Operation, name string) Permission { return Permission{o, GroupResource, name} }
