// Package schemas holds the Avro schemas of every topic and the AsyncAPI
// document that lists them, embedded. A file is called as its topic is, less the
// prefix.
//
// Two rules keep events readable over time. A field is only ever added, with a
// default; the schema that it is added to moves to earlier/ first, so that values
// written before still decode. And what enumerates is a string: a reader that
// meets a value it does not know can then say so, while an Avro enum would make
// the whole event undecodable.
//
// Amounts in commands are decimal(18,2). Numbers of the bank's in results are
// decimal(38,18), which holds whatever the bank may send without rounding it.
package schemas

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.avsc earlier examples
var files embed.FS

//go:embed asyncapi.yaml
var asyncAPI string

// The topics that are not a command's, less the prefix.
const (
	DeadLetterTopic = "bank.dead-letter"
	AttemptsTopic   = "bank.attempts"
	AuditTopic      = "bank.audit"
)

const resultSuffix = ".result"

// ResultTopic returns the name of a command's result topic, less the prefix.
func ResultTopic(command string) string { return command + resultSuffix }

// Command returns the current schema of a command, "" when there is no such
// command.
func Command(name string) string { return Topic(name) }

// Result returns the current schema of a command's result, "" when there is no
// such command.
func Result(command string) string { return Topic(ResultTopic(command)) }

// Topic returns the current schema of a topic, less the prefix; "" when there is
// none.
func Topic(name string) string { return read(name + ".avsc") }

// Topics lists the topics that have a schema, sorted, less the prefix.
func Topics() []string {
	var topics []string
	for _, name := range list(".") {
		if topic, ok := strings.CutSuffix(name, ".avsc"); ok {
			topics = append(topics, topic)
		}
	}
	return topics
}

// Earlier returns the earlier schemas of a topic, oldest first:
// earlier/<topic>~<number>.avsc.
func Earlier(topic string) []string {
	var texts []string
	for _, name := range list("earlier") {
		if strings.HasPrefix(name, topic+"~") && path.Ext(name) == ".avsc" {
			texts = append(texts, read(path.Join("earlier", name)))
		}
	}
	return texts
}

// Example returns a made-up command in plain JSON, "" when there is none. The
// bank's own published request stands behind each, repaired where the page is
// broken.
func Example(command string) string { return read("examples/" + command + ".json") }

// AsyncAPI returns the AsyncAPI 3 document of all topics, in YAML.
func AsyncAPI() string { return asyncAPI }

func list(dir string) []string {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names
}

func read(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(text)
}
