package schemas_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"bankprocessor/schemas"
)

const avroFormat = "application/vnd.apache.avro+json;version=1.11.0"

type ref struct {
	Ref string `yaml:"$ref"`
}

type payload struct {
	SchemaFormat string `yaml:"schemaFormat"`
	Schema       ref    `yaml:"schema"`
	Type         string `yaml:"type"`
}

type document struct {
	AsyncAPI string `yaml:"asyncapi"`
	Channels map[string]struct {
		Address  string         `yaml:"address"`
		Messages map[string]ref `yaml:"messages"`
	} `yaml:"channels"`
	Operations map[string]struct {
		Action   string `yaml:"action"`
		Channel  ref    `yaml:"channel"`
		Messages []ref  `yaml:"messages"`
		Reply    *struct {
			Channel  ref   `yaml:"channel"`
			Messages []ref `yaml:"messages"`
		} `yaml:"reply"`
	} `yaml:"operations"`
	Components struct {
		Messages map[string]struct {
			Name    string  `yaml:"name"`
			Headers ref     `yaml:"headers"`
			Payload payload `yaml:"payload"`
			Archive payload `yaml:"x-archive"`
		} `yaml:"messages"`
		Schemas map[string]struct {
			Required   []string       `yaml:"required"`
			Properties map[string]any `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

func parse(t *testing.T) document {
	t.Helper()
	var d document
	if err := yaml.Unmarshal([]byte(schemas.AsyncAPI()), &d); err != nil {
		t.Fatalf("asyncapi.yaml is not YAML: %v", err)
	}
	return d
}

func commands() []string {
	var names []string
	for _, topic := range schemas.Topics() {
		if schemas.Result(topic) != "" {
			names = append(names, topic)
		}
	}
	return names
}

func TestEveryTopicIsAChannelWithItsSchema(t *testing.T) {
	t.Parallel()
	d := parse(t)
	if d.AsyncAPI != "3.0.0" {
		t.Errorf("asyncapi = %q, want 3.0.0", d.AsyncAPI)
	}
	if got := len(schemas.Topics()); got != 17 {
		t.Fatalf("%d topics have a schema, want 7 commands, 7 results, dead letter, attempts and audit", got)
	}
	for what, got := range map[string][]string{
		"channels": slices.Sorted(maps.Keys(d.Channels)),
		"messages": slices.Sorted(maps.Keys(d.Components.Messages)),
	} {
		if diff := cmp.Diff(schemas.Topics(), got); diff != "" {
			t.Errorf("%s are not the topics (-topics +document):\n%s", what, diff)
		}
	}
	for topic, c := range d.Channels {
		if c.Address != topic {
			t.Errorf("channel %s has the address %q", topic, c.Address)
		}
		if len(c.Messages) != 1 {
			t.Errorf("channel %s has %d messages, want 1", topic, len(c.Messages))
		}
		for _, m := range c.Messages {
			if want := "#/components/messages/" + topic; m.Ref != want {
				t.Errorf("channel %s refers to %q, want %q", topic, m.Ref, want)
			}
		}
		m := d.Components.Messages[topic]
		p := m.Payload
		if topic == schemas.DeadLetterTopic { // its value is the original bytes
			if p.Type != "string" || p.Schema.Ref != "" {
				t.Errorf("the dead letter's payload claims a schema")
			}
			p = m.Archive
		}
		if p.SchemaFormat != avroFormat || p.Schema.Ref != "./"+topic+".avsc" {
			t.Errorf("message %s has the payload %+v", topic, p)
		}
		var record struct{ Name string }
		if err := json.Unmarshal([]byte(schemas.Topic(topic)), &record); err != nil || record.Name != m.Name {
			t.Errorf("message %s is called %q, its record %q (%v)", topic, m.Name, record.Name, err)
		}
	}
}

func TestEveryCommandIsReceivedAndAnswered(t *testing.T) {
	t.Parallel()
	d := parse(t)
	var received, answered, sent []string
	topic := func(r ref) string { return strings.TrimPrefix(r.Ref, "#/channels/") }
	inChannel := func(messages []ref, channel ref) {
		if len(messages) != 1 || !strings.HasPrefix(messages[0].Ref, channel.Ref+"/messages/") {
			t.Errorf("messages %v are not of channel %s", messages, channel.Ref)
			return
		}
		key := strings.TrimPrefix(messages[0].Ref, channel.Ref+"/messages/")
		if _, ok := d.Channels[topic(channel)].Messages[key]; !ok {
			t.Errorf("channel %s has no message %s", channel.Ref, key)
		}
	}
	for _, op := range d.Operations {
		inChannel(op.Messages, op.Channel)
		switch op.Action {
		case "receive":
			received = append(received, topic(op.Channel))
			answered = append(answered, topic(op.Reply.Channel))
			inChannel(op.Reply.Messages, op.Reply.Channel)
		case "send":
			sent = append(sent, topic(op.Channel))
		}
	}
	var results []string
	for _, name := range commands() {
		results = append(results, schemas.ResultTopic(name))
	}
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"received", received, commands()},
		{"answered", answered, results},
		{"sent", sent, []string{schemas.AttemptsTopic, schemas.AuditTopic, schemas.DeadLetterTopic}},
	} {
		slices.Sort(c.got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func TestHeadersAreTheDesigns(t *testing.T) {
	t.Parallel()
	d := parse(t)
	cloudEvents := []string{
		"ce_code", "ce_commandoffset", "ce_id", "ce_revision", "ce_source", "ce_specversion", "ce_status", "ce_subject", "ce_time", "ce_type", "content-type",
	}
	deadLetter := []string{
		"dlq-attempts", "dlq-code", "dlq-failed-at", "dlq-message", "dlq-offset", "dlq-original-headers", "dlq-partition",
		"dlq-reason", "dlq-timestamp", "dlq-topic", "kafka_dlt-original-topic",
	}
	want := map[string]struct{ required, optional []string }{
		"commandHeaders": {nil, []string{
			"ce_id", "ce_source", "ce_specversion", "ce_time", "ce_type", "content-type",
			"dlq-replay-count", "dlq-replay-id", "dlq-replay-of", "dlq-replay-revision", "traceparent",
		}},
		"resultHeaders": {cloudEvents, []string{"ce_resultomitted", "traceparent"}},
		"deadLetterHeaders": {deadLetter, []string{
			"dlq-command-id", "dlq-headers-omitted", "dlq-key-id", "dlq-revision", "dlq-status", "dlq-value-encrypted", "dlq-value-omitted", "dlq-value-sha256",
		}},
		"attemptHeaders": {nil, []string{"dlq-replay-revision"}},
		"auditHeaders":   {},
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(d.Components.Schemas))); diff != "" {
		t.Fatalf("header schemas (-want +got):\n%s", diff)
	}
	for name, w := range want {
		got := d.Components.Schemas[name]
		slices.Sort(got.Required)
		if diff := cmp.Diff(w.required, got.Required); diff != "" {
			t.Errorf("%s requires (-want +got):\n%s", name, diff)
		}
		all := slices.Sorted(slices.Values(slices.Concat(w.required, w.optional)))
		if diff := cmp.Diff(all, slices.Sorted(maps.Keys(got.Properties))); diff != "" {
			t.Errorf("%s has (-want +got):\n%s", name, diff)
		}
	}
	for topic, m := range d.Components.Messages {
		kind := "commandHeaders"
		switch {
		case topic == schemas.DeadLetterTopic:
			kind = "deadLetterHeaders"
		case topic == schemas.AttemptsTopic:
			kind = "attemptHeaders"
		case topic == schemas.AuditTopic:
			kind = "auditHeaders"
		case schemas.Command(strings.TrimSuffix(topic, ".result")) != "" && strings.HasSuffix(topic, ".result"):
			kind = "resultHeaders"
		}
		if want := "#/components/schemas/" + kind; m.Headers.Ref != want {
			t.Errorf("message %s has the headers %q, want %q", topic, m.Headers.Ref, want)
		}
	}
}

func TestAccessors(t *testing.T) {
	t.Parallel()
	for _, name := range commands() {
		if schemas.Command(name) == "" || schemas.Result(name) == "" {
			t.Errorf("%s lacks a schema", name)
		}
		if !json.Valid([]byte(schemas.Example(name))) {
			t.Errorf("%s has no example that is JSON", name)
		}
	}
	if got := schemas.Earlier("no.such"); len(got) != 0 {
		t.Errorf("an unknown topic has %d earlier schemas", len(got))
	}
	for what, got := range map[string]string{
		"command": schemas.Command("no.such"), "result": schemas.Result("no.such"), "example": schemas.Example("no.such"),
	} {
		if got != "" {
			t.Errorf("%s of an unknown name is not empty", what)
		}
	}
}
