package integration

import (
	"testing"

	"bankprocessor/internal/codec"
	"bankprocessor/internal/config"
	"bankprocessor/internal/registry"
	"bankprocessor/test/containers"
)

// All seven commands, written by Apache Avro in Confluent's wire format with the
// ids of a real registry; the outcomes carry ids, too, and Apache Avro reads them
// with what the registry has for these.
func TestTheProcessorAndApacheAvroAgreeThroughARegistry(t *testing.T) {
	t.Parallel()
	url := containers.StartRegistry(t)
	client, err := registry.New(registry.Config{URLs: []string{url}, Results: registry.ResultsConfluent}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w := openInteropWith(t, 2, codec.Options{Registry: client})
	_, err = client.Apply(t.Context(), registry.Subjects(w.topics.Prefix), "")
	w.must(err)
	w.processor(func(c *config.Config) {
		c.Registry.URLs, c.Registry.Results = []string{url}, registry.ResultsConfluent
	})
	subscriber := w.javaSubscriber("classic", url)
	java := w.javaPublisher()
	java.open("confluent", nil)
	var sent []sample
	outcomes := w.seven(func(s sample) {
		sent = append(sent, s)
		java.send("confluent", s, func(s sample, o *javaOrder) {
			o.Event, o.Registry, o.Subject = s.event, url, o.Topic+"-value"
		})
	})
	w.judgeSeven()
	read := subscriber.nextByTopic(len(sent))
	for _, s := range sent {
		w.judgeRead(s, read[w.topics.Result(s.name)], outcomes[s.name])
	}
}
