package integration

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/internal/producers"
	"bankprocessor/test/containers"
)

// kcat runs kcat to its end and returns what it has written.
func (w *interop) kcat(input string, args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), containers.NeedProgram(w.t, "kcat"), append([]string{"-q", "-b", w.bootstrap()}, args...)...)
	var out, faults bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &faults
	if err := cmd.Run(); err != nil {
		w.t.Fatalf("kcat %s: %v\n%s", strings.Join(args, " "), err, &faults)
	}
	return out.String()
}

// murmur2 makes librdkafka's partitioner Java's.
func murmur2() []string { return []string{"-X", "topic.partitioner=murmur2_random"} }

const keyEnd = "\x1f"

// kcatSend publishes samples, all to one topic, in one run of kcat.
func (w *interop) kcatSend(samples []sample, args ...string) {
	w.t.Helper()
	var input strings.Builder
	for _, s := range samples {
		input.Write(s.key)
		input.WriteString(keyEnd)
		input.Write(s.event)
		input.WriteString("\n")
	}
	topic := w.topics.Command(samples[0].name)
	w.kcat(input.String(), append([]string{"-P", "-t", topic, "-K", keyEnd, "-H", "from=kcat"}, args...)...)
}

// A shell is an upstream and a downstream: commands in JSON go in, outcomes and
// dead letters come out with keys and headers that a person can read.
func TestKcatReadsOutcomesAndDeadLetters(t *testing.T) {
	t.Parallel()
	w := openInterop(t, 2)
	w.processor()
	good := w.sample(command.DBSLimitQuery, nil)
	bad := w.sample(command.DBSLimitQuery, nil)
	bad.event = bytes.Replace(bad.event, []byte(`"SOLEN"`), []byte("7"), 1)
	w.kcatSend([]sample{good, bad}, append(murmur2(), "-H", "traceparent="+traceparentOf(good.id), "-H", "null", "-H", "empty=")...)
	w.outcome(good.id)
	w.outcome(bad.id)

	outcomes := w.kcatRead(w.topics.Result(command.DBSLimitQuery))
	letters := w.kcatRead(w.topics.DeadLetter())
	if len(outcomes) != 2 || len(letters) != 1 {
		t.Fatalf("kcat reads %d outcomes and %d dead letters", len(outcomes), len(letters))
	}
	for _, o := range outcomes {
		want, code := good, string(command.CodeLimitListed)
		if o.headers["ce_subject"] == bad.id {
			want, code = bad, string(command.CodeCommandUndecodable)
		}
		if o.key != string(want.key) || o.headers["ce_subject"] != want.id || o.headers["ce_code"] != code ||
			o.headers["content-type"] != producers.ContentType || !strings.HasPrefix(o.headers["traceparent"], traceparentOf(good.id)[:35]) {
			t.Errorf("kcat reads the outcome %+v", o)
		}
	}
	letter := letters[0]
	for header, value := range map[string]string{
		"from": "kcat", "null": "NULL", "empty": "", producers.HeaderOriginalTopic: w.topics.Command(command.DBSLimitQuery),
		producers.HeaderReason: string(command.ReasonMalformed), producers.HeaderCode: string(command.CodeCommandUndecodable),
		producers.HeaderCommandID: bad.id,
	} {
		if letter.headers[header] != value {
			t.Errorf("kcat reads %s of the dead letter as %q, want %q", header, letter.headers[header], value)
		}
	}
	if letter.key != string(bad.key) || letter.value != string(bad.event) {
		t.Errorf("kcat reads the dead letter %+v", letter)
	}
}

// kcatRecord is a record as kcat shows it.
type kcatRecord struct {
	key, value string
	headers    map[string]string
}

// kcatRead reads a topic from its beginning to its end.
func (w *interop) kcatRead(topic string) (all []kcatRecord) {
	w.t.Helper()
	const fieldEnd, recordEnd = "--field--", "--record--" // values are binary
	out := w.kcat("", "-C", "-e", "-t", topic, "-o", "beginning", "-f", "%k"+fieldEnd+"%h"+fieldEnd+"%s"+recordEnd)
	for text := range strings.SplitSeq(strings.TrimSuffix(out, recordEnd), recordEnd) {
		fields := strings.Split(text, fieldEnd)
		if len(fields) != 3 {
			w.t.Fatalf("kcat shows a record as %q", text)
		}
		r := kcatRecord{key: fields[0], value: fields[2], headers: map[string]string{}}
		for h := range strings.SplitSeq(fields[1], ",") {
			name, value, _ := strings.Cut(h, "=")
			r.headers[name] = value
		}
		all = append(all, r)
	}
	return all
}
