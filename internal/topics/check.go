package topics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bankprocessor/internal/kafka"
)

// MissingError says which topics do not exist.
type MissingError struct{ Topics []string }

// Error lists them and says what to do.
func (e *MissingError) Error() string {
	return "topics are missing: " + strings.Join(e.Topics, ", ") + "; create them with: processor topics apply"
}

// PartitionsError says that topics differ in their number of partitions that
// must not: a command and its result stand in partitions of the same index.
type PartitionsError struct{ Counts map[string]int32 }

// Error lists the topics by count, in order.
func (e *PartitionsError) Error() string {
	byCount := map[int32][]string{}
	for topic, n := range e.Counts {
		byCount[n] = append(byCount[n], topic)
	}
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(byCount)) {
		slices.Sort(byCount[n])
		parts = append(parts, fmt.Sprintf("%d in %s", n, strings.Join(byCount[n], ", ")))
	}
	return "commands, results and attempts must have equal partition counts, but there are " + strings.Join(parts, "; ") +
		"; see: processor topics list"
}

// Describer looks topics up; *kafka.Client is one.
type Describer interface {
	DescribeTopics(ctx context.Context, names ...string) (map[string]kafka.TopicSpec, error)
}

// Check says everything that is wrong with the topics: a *MissingError, a
// *PartitionsError, or both joined. It changes nothing.
func Check(ctx context.Context, d Describer, c Config) error {
	all, coIndexed := c.names()
	found, err := d.DescribeTopics(ctx, all...)
	if err != nil {
		return fmt.Errorf("checking topics: %w", err)
	}
	var errs []error
	missing := slices.DeleteFunc(all, func(t string) bool { _, ok := found[t]; return ok })
	if len(missing) > 0 {
		errs = append(errs, &MissingError{missing})
	}
	counts, distinct := map[string]int32{}, map[int32]bool{}
	for _, topic := range coIndexed {
		if spec, ok := found[topic]; ok {
			counts[topic] = spec.Partitions
			distinct[spec.Partitions] = true
		}
	}
	if len(distinct) > 1 {
		errs = append(errs, &PartitionsError{counts})
	}
	return errors.Join(errs...)
}
