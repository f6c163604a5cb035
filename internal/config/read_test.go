package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type place struct {
	File string `yaml:"file"`
	Env  string `yaml:"env"`
}

type sample struct {
	Server struct {
		BaseURL  string
		Timeout  time.Duration
		BodyMax  int64 `yaml:"max_body_bytes"`
		Retries  int32
		Tries    uint32
		Rate     float64
		HTTP2    bool `yaml:"http2"`
		Password place
	}
	Waits   []time.Duration
	Brokers []string
	Numbers map[string]int64
	Ignored func()
	Skipped chan int `yaml:"-"`
}

type embedding struct {
	Section struct {
		Shared
		Own int
	}
}

// Shared is exported because an embedded field of another package's type is.
type Shared struct {
	MaxWait time.Duration
	Hidden  []struct{ X int } `yaml:"-"`
}

func TestReadEveryKind(t *testing.T) {
	t.Parallel()
	const text = `
server:
  base_url: http://127.0.0.1:1
  timeout: 1m30s
  max_body_bytes: 8MiB
  retries: 3
  tries: 4
  rate: 2.5
  http2: true
  password:
    file: /run/secrets/password
waits: [2s, 5s]
brokers:
  - a:1
  - b:2
numbers:
  SOLEN: 5035232723
`
	var got sample
	lines, faults := read(&got, []byte(text), []string{
		"PROCESSOR_SERVER_RETRIES=7", "PROCESSOR_WAITS=1s, 250ms", "PROCESSOR_NUMBERS=A=1,B=2", "OTHER=x",
	})
	if len(faults) > 0 {
		t.Fatalf("unexpected faults %v", faults)
	}
	var want sample
	want.Server.BaseURL = "http://127.0.0.1:1"
	want.Server.Timeout = 90 * time.Second
	want.Server.BodyMax = 8 << 20
	want.Server.Retries = 7
	want.Server.Tries = 4
	want.Server.Rate = 2.5
	want.Server.HTTP2 = true
	want.Server.Password.File = "/run/secrets/password"
	want.Waits = []time.Duration{time.Second, 250 * time.Millisecond}
	want.Brokers = []string{"a:1", "b:2"}
	want.Numbers = map[string]int64{"A": 1, "B": 2}
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		return p.String() == "Ignored" || p.String() == "Skipped"
	}, cmp.Ignore())
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if lines["server.timeout"] != 4 {
		t.Errorf("server.timeout is on line 4, not %d", lines["server.timeout"])
	}
}

func TestEmbeddedFieldsStandBesideTheirSiblings(t *testing.T) {
	t.Parallel()
	var got embedding
	if _, faults := read(&got, []byte("section: {max_wait: 2s, own: 1}"), nil); len(faults) > 0 {
		t.Fatalf("unexpected faults %v", faults)
	}
	if got.Section.MaxWait != 2*time.Second || got.Section.Own != 1 {
		t.Errorf("got %+v", got.Section)
	}
	if _, faults := read(&got, []byte("section: {hidden: []}"), nil); len(faults) != 1 {
		t.Errorf("want the hidden field unknown, got %v", faults)
	}
}

func TestReadFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		environ    []string
		want       Fault
	}{
		{
			name: "unknown key, close to a known one", text: "server:\n  timeuot: 5s\n",
			want: Fault{Key: "server.timeuot", Line: 2, Message: `unknown key; did you mean "server.timeout"?`},
		},
		{
			name: "known key in the wrong section", text: "base_url: x\n",
			want: Fault{Key: "base_url", Line: 1, Message: `unknown key; did you mean "server.base_url"?`},
		},
		{
			name: "unknown key, close to nothing", text: "completely_else: 1\n",
			want: Fault{Key: "completely_else", Line: 1, Message: "unknown key"},
		},
		{
			name: "number for a duration", text: "\n\nserver: {timeout: 5}\n",
			want: Fault{Key: "server.timeout", Line: 3, Message: "want a duration with its unit, such as 250ms, 5s or 1h30m"},
		},
		{
			name: "text for a duration", text: "server: {timeout: soon}",
			want: Fault{Key: "server.timeout", Line: 1, Message: `is "soon"; want a duration with its unit, such as 250ms, 5s or 1h30m`},
		},
		{
			name: "number for a size", text: "server: {max_body_bytes: 800}",
			want: Fault{Key: "server.max_body_bytes", Line: 1, Message: "want a size with its unit, such as 512KiB or 8MiB"},
		},
		{
			name: "size that overflows", text: "server: {max_body_bytes: 99999999999GiB}",
			want: Fault{Key: "server.max_body_bytes", Line: 1, Message: `is "99999999999GiB"; want a size with its unit, such as 512KiB or 8MiB`},
		},
		{
			name: "text for a number", text: "server:\n  retries: many",
			want: Fault{Key: "server.retries", Line: 2, Message: "want a whole number"},
		},
		{
			name: "fraction for a whole number", text: "server:\n  retries: 1.5",
			want: Fault{Key: "server.retries", Line: 2, Message: `is "1.5"; want a whole number`},
		},
		{
			name: "negative number where there is none",
			text: "server: {tries: -1}",
			want: Fault{Key: "server.tries", Line: 1, Message: `is "-1"; want a whole number, 0 or more`},
		},
		{
			name: "text for a boolean", text: "server: {http2: yes}",
			want: Fault{Key: "server.http2", Line: 1, Message: "want true or false"},
		},
		{
			name: "number for text", text: "server: {base_url: 1}",
			want: Fault{Key: "server.base_url", Line: 1, Message: "want text (in quotes where it looks like a number)"},
		},
		{
			name: "no value", text: "server:\n  base_url:\n",
			want: Fault{Key: "server.base_url", Line: 2, Message: "want text (in quotes where it looks like a number)"},
		},
		{
			name: "scalar for a list", text: "waits: 2s",
			want: Fault{Key: "waits", Line: 1, Message: "want a list, each element a duration with its unit, such as 250ms, 5s or 1h30m"},
		},
		{
			name: "wrong element of a list", text: "waits:\n  - 2s\n  - 5\n",
			want: Fault{Key: "waits", Line: 3, Message: "element 2: want a duration with its unit, such as 250ms, 5s or 1h30m"},
		},
		{
			name: "wrong element of a map", text: "numbers:\n  A: 1\n  B: many\n",
			want: Fault{Key: "numbers", Line: 3, Message: "B: want a whole number"},
		},
		{
			name: "scalar for a map", text: "numbers: 7",
			want: Fault{Key: "numbers", Line: 1, Message: "want a map, each value a whole number"},
		},
		{
			name: "value for a section", text: "server: on",
			want: Fault{Key: "server", Line: 1, Message: "want keys below it, not a value"},
		},
		{
			name: "secret in clear", text: "server:\n  password: canary\n",
			want: Fault{Key: "server.password", Line: 2, Message: secretInClear},
		},
		{
			name: "anchor", text: "server: {retries: &a 1}",
			want: Fault{Key: "server.retries", Line: 1, Message: "want a whole number"},
		},
		{
			name: "key that stands twice", text: "waits: []\nwaits: []\n",
			want: Fault{Line: 2, Message: `mapping key "waits" already defined at [1:1]`},
		},
		{
			name: "no YAML", text: "server: {\npassword: canary",
			want: Fault{Line: 1, Message: "could not find flow mapping end token '}'"},
		},
		{
			name: "list at the top", text: "- a",
			want: Fault{Line: 1, Message: `want keys at the top of the file, such as "kafka:"`},
		},
		{
			name: "second document", text: "waits: []\n---\nbrokers: []\n",
			want: Fault{Line: 3, Message: "want one document in the file"},
		},
		{
			name: "unknown variable, close to a known one", environ: []string{"PROCESSOR_SERVER_TIMEOUTS=1s"},
			want: Fault{Variable: "PROCESSOR_SERVER_TIMEOUTS", Message: "no key has this variable; did you mean PROCESSOR_SERVER_TIMEOUT?"},
		},
		{
			name: "unknown variable", environ: []string{"PROCESSOR_X=1"},
			want: Fault{Variable: "PROCESSOR_X", Message: "no key has this variable"},
		},
		{
			name: "wrong type in a variable", environ: []string{"PROCESSOR_SERVER_RETRIES=many"},
			want: Fault{Key: "server.retries", Variable: "PROCESSOR_SERVER_RETRIES", Message: `is "many"; want a whole number`},
		},
		{
			name: "map without names in a variable", environ: []string{"PROCESSOR_NUMBERS=7"},
			want: Fault{Key: "numbers", Variable: "PROCESSOR_NUMBERS", Message: `"7"; want key=value,key=value`},
		},
		{
			name: "secret in clear in a variable", environ: []string{"PROCESSOR_SERVER_PASSWORD=canary"},
			want: Fault{Variable: "PROCESSOR_SERVER_PASSWORD", Message: secretInClear},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s sample
			_, faults := read(&s, []byte(tt.text), tt.environ)
			if d := cmp.Diff([]Fault{tt.want}, faults); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if message := (&Faults{List: faults}).Error(); strings.Contains(message, "canary") {
				t.Errorf("a secret got into %q", message)
			}
		})
	}
}

func TestVariablesThatAreNotOurs(t *testing.T) {
	t.Parallel()
	var s sample
	_, faults := read(&s, []byte("server: {password: {env: PROCESSOR_DB_PASSWORD}}"), []string{
		"PROCESSOR_DB_PASSWORD=canary", // a secret that the file refers to
		"PROCESSOR_SERVICE_HOST=10.0.0.1", "PROCESSOR_SERVICE_PORT=80", "PROCESSOR_SERVICE_PORT_HTTP=80",
		"PROCESSOR_PORT=tcp://10.0.0.1:80", "PROCESSOR_PORT_80_TCP=tcp://10.0.0.1:80",
		"PROCESSOR_PORT_80_TCP_ADDR=10.0.0.1", // Kubernetes service links
	})
	if len(faults) > 0 {
		t.Errorf("unexpected faults %v", faults)
	}
}

func TestFaultsAreReportedTogether(t *testing.T) {
	t.Parallel()
	var s sample
	_, faults := read(&s, []byte("nope: 1\nserver:\n  timeout: 5\n  retries: x\nwaits: 3\n"), []string{"PROCESSOR_NOPE=1"})
	if len(faults) != 5 {
		t.Fatalf("want 5 faults, got %v", faults)
	}
	message := (&Faults{File: "p.yaml", List: faults}).Error()
	for _, want := range []string{
		"configuration p.yaml: 5 faults", "\n  line 1: nope: unknown key", "\n  line 3: server.timeout: want a duration",
		"\n  line 4: server.retries: ", "\n  line 5: waits: ", "\n  environment variable PROCESSOR_NOPE: ",
	} {
		if !strings.Contains(message, want) {
			t.Errorf("want %q in\n%s", want, message)
		}
	}
}

func TestSnake(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"MaxIdleConns": "max_idle_conns", "CAFile": "ca_file", "BaseURL": "base_url", "ID": "id",
		"TLS": "tls", "HTTP2": "http2", "MetadataTTL": "metadata_ttl", "A": "a",
	} {
		if got := snake(name); got != want {
			t.Errorf("snake(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestUnsettableFieldIsAMistakeInTheProgram(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("want a panic for a field that no text can set")
		}
	}()
	bind(&struct{ C chan int }{})
}
