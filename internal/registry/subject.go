package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"bankprocessor/schemas"
)

// Subject is one of our schemas and where it is registered.
type Subject struct {
	Name   string // <topic>-value, prefix included
	Topic  string // less the prefix
	Schema string // compact
}

// Result says whether it is of a result topic.
func (s Subject) Result() bool { return strings.HasSuffix(s.Topic, schemas.ResultTopic("")) }

func (s Subject) registered() sr.Schema { return sr.Schema{Schema: s.Schema} }

// own are the topics that have no subject.
var own = []string{schemas.DeadLetterTopic, schemas.AttemptsTopic, schemas.AuditTopic}

// Subjects are those of the commands and their results, by topic. Dead letters
// hold what came; attempts and the audit are the processor's own and its tools'.
func Subjects(topicPrefix string) []Subject {
	var all []Subject
	for _, topic := range schemas.Topics() {
		if slices.Contains(own, topic) {
			continue
		}
		all = append(all, Subject{Name: topicPrefix + topic + "-value", Topic: topic, Schema: compact(schemas.Topic(topic))})
	}
	return all
}

// compact leaves out what a registry may or may not take for another schema.
func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text // the embedded schemas are JSON: codec.New has read them
	}
	return b.String()
}

// lookup returns under which id and version the registry has our schema; found is
// false where it has not, or has no such subject.
func (c *Client) lookup(ctx context.Context, s Subject) (found bool, as sr.SubjectSchema, err error) {
	err = c.ask(ctx, func(ctx context.Context, api *sr.Client) (err error) {
		if as, err = api.LookupSchema(ctx, s.Name, s.registered()); err == nil && (as.ID == 0 || as.Version == 0) {
			err = errNoSchema
		}
		return err
	})
	if notFound(err) {
		return false, sr.SubjectSchema{}, nil
	}
	return err == nil, as, err
}

// UnregisteredError says whose schemas the registry does not have.
type UnregisteredError struct{ Subjects []string }

// Error says what to do.
func (e *UnregisteredError) Error() string {
	return fmt.Sprintf("the schema registry does not have our schema under %s: run `processor schemas apply`", strings.Join(e.Subjects, ", "))
}

// IDs looks up the ids of the subjects' schemas, by topic less the prefix. The
// error is an *UnregisteredError when some are not registered.
func (c *Client) IDs(ctx context.Context, subjects []Subject) (map[string]int32, error) {
	ids := map[string]int32{}
	var missing []string
	for _, s := range subjects {
		found, as, err := c.lookup(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("looking up %s: %w", s.Name, err)
		}
		if !found {
			missing = append(missing, s.Name)
			continue
		}
		ids[s.Topic] = int32(as.ID)
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, &UnregisteredError{missing}
	}
	return ids, nil
}
