package codec

import (
	"fmt"
	"reflect"
	"sync"

	"bankprocessor/schemas"
)

// catalog is every embedded schema, compiled. It never changes once built.
type catalog struct {
	current       map[string]*avroType    // by topic less the prefix
	byFingerprint map[uint64]catalogEntry // earlier versions included
	byRecord      map[string]string       // record's full name to its topic
	fieldNames    map[string]bool         // of every event: safe to print
}

type catalogEntry struct {
	topic string
	avro  *avroType
}

var embedded = sync.OnceValues(func() (*catalog, error) {
	c := &catalog{
		current:       make(map[string]*avroType),
		byFingerprint: make(map[uint64]catalogEntry),
		byRecord:      make(map[string]string),
		fieldNames:    make(map[string]bool),
	}
	for _, topic := range schemas.Topics() {
		for _, text := range append(schemas.Earlier(topic), schemas.Topic(topic)) {
			t, err := compile(text)
			if err != nil {
				return nil, fmt.Errorf("compiling the schema of %s: %w", topic, err)
			}
			t.plan, _ = planOf(t.schema, 0) // one without is goavro's alone
			c.current[topic] = t            // the current schema comes last
			c.byFingerprint[t.fingerprint()] = catalogEntry{topic: topic, avro: t}
			c.byRecord[t.name] = topic
			c.learnNames(t.schema)
		}
	}
	return c, nil
})

// known returns the schema of ours that a registry's is word for word, but for its
// documentation, and any other as it is. Fingerprints do not tell: they leave out
// logical types.
func (c *catalog) known(t *avroType) *avroType {
	if ours, ok := c.byFingerprint[t.fingerprint()]; ok && reflect.DeepEqual(ours.avro.schema, t.schema) {
		return ours.avro
	}
	return t
}

func (c *catalog) learnNames(s *schema) {
	for _, f := range s.fields {
		c.fieldNames[f.name] = true
		c.learnNames(f.schema)
	}
	for _, o := range s.options {
		c.learnNames(o)
	}
	if s.items != nil {
		c.learnNames(s.items)
	}
}
