package archtest

// module is the module's path.
const module = "bankprocessor"

// room says what one package may import of this module. Paths are relative to
// the module; a path that ends in "/..." stands for a tree.
type room struct {
	path  string
	may   []string
	never []string // of anything else, whole import paths or trees
}

// anything is the may of a package that builds or drives the others.
var anything = []string{"..."}

// rooms has a row for every package of the module; the first that matches counts.
// Test files are not held to them: a test may set up whatever it needs.
var rooms = []room{
	{path: "cmd/...", may: anything, never: []string{"net/http", "net/http/...", "github.com/segmentio/kafka-go/..."}},
	{path: "internal/app", may: anything},
	{path: "internal/demo", may: anything},
	{path: "internal/config", may: []string{
		"internal/admin", "internal/bankapi/...", "internal/command", "internal/console", "internal/consumers", "internal/follow", "internal/history",
		"internal/kafka", "internal/processing", "internal/producers", "internal/registry", "internal/sealing", "internal/secret", "internal/telemetry", "internal/tlsfile", "internal/topics", "internal/tracing",
	}, never: []string{"net/http"}},
	{path: "internal/command", never: []string{"net", "net/http", "net/http/...", "os", "log", "os/exec"}},
	{path: "internal/codec", may: []string{"internal/command", "schemas"}, never: []string{"net/http", "os"}},
	{path: "internal/history", may: []string{"internal/command", "internal/kafka", "internal/planted"}, never: []string{"net/http"}},
	{path: "internal/lease", may: []string{"internal/planted"}, never: []string{"net"}},
	{path: "internal/planted"},
	{path: "internal/processing", may: []string{"internal/command", "internal/planted"}, never: []string{"net/http", "os"}},
	{path: "internal/bankapi", may: []string{"internal/bankapi/http1", "internal/command", "internal/follow", "internal/secret", "internal/tlsfile"}},
	{path: "internal/bankapi/wire", may: []string{"internal/command"}, never: []string{"net/http"}},
	{path: "internal/bankapi/http1"},
	{path: "internal/bankapi/...", may: []string{"internal/bankapi", "internal/bankapi/parcel", "internal/bankapi/wire", "internal/command", "internal/secret"}},
	{path: "internal/consumers", may: []string{"internal/kafka", "internal/lease", "internal/planted"}, never: []string{"net/http"}},
	{path: "internal/producers", may: []string{"internal/codec", "internal/command", "internal/kafka"}, never: []string{"net/http"}},
	{path: "internal/kafka", may: []string{"internal/kafka/oauth", "internal/secret", "internal/tlsfile"}, never: []string{"net/http"}},
	{path: "internal/kafka/oauth", may: []string{"internal/secret", "internal/tlsfile"}},
	{path: "internal/topics", may: []string{"internal/command", "internal/kafka", "schemas"}, never: []string{"net/http"}},
	{path: "internal/banksim", may: []string{"internal/command"}},
	{path: "internal/sandbox", may: []string{"internal/banksim", "internal/kafka", "internal/topics"}},
	{path: "internal/upstream", may: []string{"internal/codec", "internal/command", "internal/kafka", "internal/producers", "internal/topics"}, never: []string{"net/http"}},
	{path: "internal/downstream", may: []string{"internal/codec", "internal/command", "internal/kafka", "internal/topics"}, never: []string{"net/http"}},
	{path: "internal/follow", never: []string{"net"}},
	{path: "internal/secret", may: []string{"internal/follow"}, never: []string{"net"}},
	{path: "internal/registry", may: []string{"internal/codec", "internal/secret", "internal/tlsfile", "schemas"}},
	{path: "internal/sealing", may: []string{"internal/follow", "internal/secret"}, never: []string{"net"}},
	{path: "internal/tlsfile", may: []string{"internal/follow"}, never: []string{"net/http"}},
	{path: "internal/deadletters", may: []string{"internal/codec", "internal/command", "internal/downstream", "internal/kafka", "internal/producers", "internal/topics", "internal/upstream"}, never: []string{"net/http"}},
	{path: "internal/console", may: []string{"internal/command", "internal/deadletters", "internal/follow", "internal/kafka", "internal/secret", "internal/telemetry", "internal/topics"}},
	{path: "internal/telemetry"},
	{path: "internal/tracing", may: []string{"internal/command", "internal/processing", "internal/secret", "internal/tlsfile"}},
	{path: "internal/admin", may: []string{"internal/tlsfile"}},
	{path: "internal/archtest"},
	{path: "schemas"},
	{path: "examples/..."}, // what others would write: nothing of ours
	{path: "bench/...", may: anything},
	{path: "test/...", may: anything},
}

// owner says that a tree of imports belongs to a few packages.
type owner struct {
	imports string
	in      []string
	// inTests says that every test may import it too.
	inTests bool
}

var owners = []owner{
	{imports: "github.com/segmentio/kafka-go/...", in: []string{"internal/kafka", "examples/..."}, inTests: true},
	{imports: "github.com/twmb/franz-go/pkg/sr/...", in: []string{"internal/registry", "test/...", "examples/..."}, inTests: true},
	{imports: "github.com/twmb/franz-go/...", in: []string{"internal/sandbox", "internal/registry", "bench/...", "test/...", "examples/..."}, inTests: true},
	{imports: "internal/sandbox", in: []string{"internal/app", "internal/demo", "cmd/processor", "test/story/world"}, inTests: true},
	{imports: "github.com/linkedin/goavro/...", in: []string{"internal/codec", "examples/..."}, inTests: true},
	{imports: "github.com/sony/gobreaker/...", in: []string{"internal/bankapi"}},
	{imports: "golang.org/x/oauth2/...", in: []string{"internal/bankapi/...", "internal/kafka/oauth"}},
	{imports: "go.opentelemetry.io/...", in: []string{"internal/tracing", "test/collector"}, inTests: true},
	{imports: "google.golang.org/grpc/...", in: []string{"internal/tracing", "test/collector"}},
	{imports: "github.com/prometheus/...", in: []string{"internal/telemetry"}, inTests: true},
	{imports: "github.com/goccy/go-yaml/...", in: []string{"internal/config"}, inTests: true},
	{imports: "github.com/spf13/cobra/...", in: []string{"cmd/processor"}},
	{imports: "testing/...", in: []string{"test/..."}, inTests: true},
}

// standardOnly are the packages that import nothing but the standard library,
// outside their tests.
var standardOnly = []string{"internal/command", "internal/bankapi/http1", "internal/bankapi/wire", "internal/banksim", "schemas"}

// floatFree are the trees through which amounts pass. floats are the files in
// them whose floating-point numbers are none.
var (
	floatFree = []string{"internal/command", "internal/codec", "internal/bankapi/...", "internal/banksim", "internal/processing"}
	floats    = map[string]string{
		"internal/bankapi/group_config.go":     "a rate per second and a ratio of failures",
		"internal/bankapi/limiter_adaptive.go": "a number of calls, and how many times longer they take",
		"internal/bankapi/limiter_latency.go":  "a distribution of latencies",
		"internal/bankapi/group.go":            "a rate per second and a ratio of failures",
		"internal/codec/reader.go":             "the refusal of a float that a schema offers as an amount",
		"internal/codec/schema.go":             "sizes and scales of an Avro schema, which is JSON",
		"internal/processing/config.go":        "a rate per second",
		"internal/banksim/latency.go":          "a distribution of waits",
	}
)

// maxLines is the length of a file that can still be grasped.
const maxLines = 450
