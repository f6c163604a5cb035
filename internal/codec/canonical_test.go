package codec

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/schemas"
)

var update = flag.Bool("update", false, "write the golden file anew")

// The fingerprints of the specification's own test suite
// (share/test/data/schema-tests.txt).
func TestFingerprintsOfTheSpecification(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		`"null"`:         7195948357588979594,
		`"boolean"`:      -6970731678124411036,
		`"int"`:          8247732601305521295,
		`"long"`:         -3434872931120570953,
		`"string"`:       -8142146995180207161,
		`{"type":"int"}`: 8247732601305521295,
		`{"type":{"type":"int","logicalType":"date"},"doc":"a logical type is not part of the form"}`: 8247732601305521295,
	} {
		s, err := parseSchema(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := int64(s.fingerprint()); got != want {
			t.Errorf("%s has the fingerprint %d, want %d", text, got, want)
		}
	}
}

func TestCanonicalForm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"type":"record","name":"R","namespace":"a.b","doc":"d","aliases":["x"],"fields":[
			{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]},"default":"A"},
			{"name":"e2","type":["null","E"],"default":null,"order":"ignore"},
			{"name":"f","type":{"name":"c.F","type":"fixed","size":16,"logicalType":"duration"}},
			{"name":"r","type":{"type":"record","name":"N","namespace":"z","fields":[{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}}]}},
			{"name":"l","type":{"type":"array","items":{"type":"string","logicalType":"uuid"}}},
			{"name":"m","type":{"type":"map","values":"z.N"}}]}`: `{"name":"a.b.R","type":"record","fields":[` +
			`{"name":"e","type":{"name":"a.b.E","type":"enum","symbols":["A","B"]}},` +
			`{"name":"e2","type":["null","a.b.E"]},` +
			`{"name":"f","type":{"name":"c.F","type":"fixed","size":16}},` +
			`{"name":"r","type":{"name":"z.N","type":"record","fields":[{"name":"d","type":"bytes"}]}},` +
			`{"name":"l","type":{"type":"array","items":"string"}},` +
			`{"name":"m","type":{"type":"map","values":"z.N"}}]}`,
		`{"type":"record","name":"R","fields":[]}`: `{"name":"R","type":"record","fields":[]}`,
	} {
		s, err := parseSchema(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := s.canonical(); got != want {
			t.Errorf("canonical form\n%s, want\n%s", got, want)
		}
	}
}

// A changed schema is a changed contract. When it is meant, copy the old text to
// schemas/earlier first (words of documentation excepted), then run the test with
// -update.
func TestSchemasAreAsTheGoldenFileSays(t *testing.T) {
	t.Parallel()
	const golden = "testdata/schemas.golden"
	c := setup(t, Options{})
	var b strings.Builder
	for _, topic := range schemas.Topics() {
		text := schemas.Topic(topic)
		fmt.Fprintf(&b, "%-33s crc64 %016x sha256 %x\n", topic, c.catalog.current[topic].fingerprint(), sha256.Sum256([]byte(text)))
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the schemas are now\n%s, the golden file has\n%s", b.String(), want)
	}
}

func TestEverySchemaHasItsOwnFingerprint(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	versions := 0
	for _, topic := range schemas.Topics() {
		versions += 1 + len(schemas.Earlier(topic))
	}
	if len(c.catalog.byFingerprint) != versions || len(c.catalog.byRecord) != len(schemas.Topics()) {
		t.Errorf("%d fingerprints and %d records for %d schemas", len(c.catalog.byFingerprint), len(c.catalog.byRecord), versions)
	}
}

// doubling is a schema of that many records, each of which is twice in the next: two
// to the power of depth fields that take no bytes.
func doubling(depth int) string {
	text := `{"type":"record","name":"R0","fields":[{"name":"a","type":"null"}]}`
	for i := range depth {
		text = fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"a","type":%s},{"name":"b","type":"R%d"}]}`, i+1, text, i)
	}
	return text
}

func TestATypeMayBeUsedAgain(t *testing.T) {
	t.Parallel()
	if _, err := compile(doubling(10)); err != nil {
		t.Error(err)
	}
}

func TestUnusableSchemas(t *testing.T) {
	t.Parallel()
	record := func(fields string) string { return `{"type":"record","name":"R","fields":[` + fields + `]}` }
	for name, text := range map[string]string{
		"not JSON":              `{`,
		"not a type":            `5`,
		"not a record":          `"string"`,
		"unknown type":          record(`{"name":"a","type":"strng"}`),
		"unknown list item":     record(`{"name":"a","type":{"type":"array","items":"X"}}`),
		"unknown option":        record(`{"name":"a","type":["null","X"]}`),
		"nameless field":        record(`{"type":"int"}`),
		"no type":               record(`{"name":"a"}`),
		"recursive":             record(`{"name":"next","type":["null","R"]}`),
		"list of nulls":         record(`{"name":"a","type":{"type":"array","items":"null"}}`),
		"list of empty records": record(`{"name":"a","type":{"type":"array","items":{"type":"record","name":"E","fields":[]}}}`),
		"list inside a union":   record(`{"name":"a","type":["null",{"type":"array","items":"null"}]}`),
		"list inside a map":     record(`{"name":"a","type":{"type":"map","values":{"type":"array","items":"null"}}}`),
		"fields without end":    doubling(60),
		"digits without end":    record(`{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":1001,"scale":2}}`),
		"a scale without end":   record(`{"name":"a","type":{"type":"fixed","name":"F","size":8,"logicalType":"decimal","precision":1e12,"scale":1e12}}`),
		"precision missing":     record(`{"name":"a","type":{"type":"bytes","logicalType":"decimal"}}`),
	} {
		if _, err := compile(text); !errors.Is(err, errSchema) {
			t.Errorf("%s: %v, want an unusable schema", name, err)
		}
	}
}

// The bytes that another implementation (fastavro 1.13) writes for the example,
// with the schema's fingerprint as it computes it.
func TestSingleObjectBytes(t *testing.T) {
	t.Parallel()
	const want = "c301" + "3291772c9b77fd43" +
		"4835623063376135322d366130662d346630652d396437632d306336613563396531613034c089ce" +
		"d4f16600022e6578616d706c652d6462732d6c696d69742d71756572790a534f4c454e0830323232" +
		"9e8c0202bed674"
	c := setup(t, Options{})
	got := encoded(t, c, example(t, c, command.DBSLimitQuery))
	if hex := fmt.Sprintf("%x", got); hex != want {
		t.Errorf("got %s, want %s", hex, want)
	}
}
