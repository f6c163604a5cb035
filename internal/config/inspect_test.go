package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bankprocessor/test/certs"
)

func TestInspectGivesWhatCouldBeRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(file, []byte("kafka: {brokers: ['127.0.0.1:1'], client_idd: x}\nintake: {group: g, session_timeout: 30}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, faults, err := Inspect(file, nil)
	if err != nil || faults == nil || faults.File != file || c.Intake.Group != "g" || c.Kafka.Brokers[0] != "127.0.0.1:1" || c.Intake.SessionTimeout <= 0 {
		t.Errorf("got %+v, %v, %v", c.Intake, faults, err)
	}
	if _, _, err := Inspect("/nowhere/p.yaml", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestFaultsTouchSections(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault Fault
		yes   []string
		no    []string
	}{
		"a key":                   {Fault{Key: "kafka.tls.ca_file"}, []string{"kafka", "kafka.tls"}, []string{"kafka.sasl", "registry"}},
		"an unknown key":          {Fault{Key: "kafka.tlss"}, []string{"kafka"}, []string{"banks.interapi"}},
		"a section with a value":  {Fault{Key: "kafka"}, []string{"kafka", "kafka.tls"}, []string{"registry"}},
		"an unknown section":      {Fault{Key: "kafak"}, []string{"kafka", "registry", "banks.loanapi.http"}, nil},
		"no YAML":                 {Fault{Line: 3}, []string{"kafka", "registry"}, nil},
		"an unknown variable":     {Fault{Variable: "PROCESSOR_KAFKA_TLS_ENABLEDD"}, []string{"kafka", "kafka.tls"}, []string{"registry"}},
		"a misspelt variable":     {Fault{Variable: "PROCESSOR_KAFAK_TLS_ENABLED"}, []string{"kafka", "kafka.tls"}, []string{"registry"}},
		"a variable of nobody's":  {Fault{Variable: "PROCESSOR_NOPE"}, nil, []string{"kafka", "registry"}},
		"a known variable's text": {Fault{Key: "intake.group", Variable: "PROCESSOR_INTAKE_GROUP"}, []string{"intake"}, []string{"kafka"}},
	} {
		f := &Faults{List: []Fault{tt.fault}}
		for _, section := range tt.yes {
			if !f.Touch(section) {
				t.Errorf("%s does not touch %s", name, section)
			}
		}
		for _, section := range tt.no {
			if f.Touch(section) {
				t.Errorf("%s touches %s", name, section)
			}
		}
	}
	var none *Faults
	if none.Touch("kafka") || none.Has("kafka") {
		t.Error("what is not there touches")
	}
	some := &Faults{List: []Fault{{Key: "kafka.sasl.password"}}}
	if !some.Has("kafka.sasl") || !some.Has("kafka.sasl.password") || some.Has("kafka.sasl.pass") {
		t.Error("Has")
	}
}

func TestExplainPutsTheKeyInFront(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := Explain("banks.interapi", errors.Join(
		errors.Join(errors.New("http: tls: ca_file: no such file"), errors.New("app_key: reading secret: empty")), cause))
	want := "banks.interapi.http.tls.ca_file: no such file\nbanks.interapi.app_key: reading secret: empty\nbanks.interapi: cause"
	if err == nil || err.Error() != want || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if Explain("kafka", nil) != nil {
		t.Error("nothing is explained")
	}
}

// Every secret's file and every certificate's is watched and read, whatever key
// is added.
func TestNoFileIsForgotten(t *testing.T) {
	t.Parallel()
	ca := certs.New(t)
	cert, key := ca.Issue("us", nil).Files()
	contents := map[string]string{".file": cert, ".ca_file": ca.File(), ".cert_file": cert, ".key_file": key}
	var environ, want []string
	for _, path := range Keys() {
		for suffix, file := range contents {
			if !strings.HasSuffix(path, suffix) {
				continue
			}
			environ = append(environ, envPrefix+strings.ToUpper(strings.ReplaceAll(path, ".", "_"))+"="+file)
			if suffix != ".key_file" { // it goes with its certificate
				want = append(want, path)
			}
		}
	}
	c, _, err := Inspect("", environ)
	if err != nil || len(want) < 15 {
		t.Fatalf("%d files, %v", len(want), err)
	}
	var watched, read []string
	for _, s := range c.Followed() {
		watched = append(watched, s.Path)
		if err := s.Look(); err != nil || strings.Contains(s.Path, ".tls.") != (s.NotAfter != nil) {
			t.Errorf("%s: %v", s.Path, err)
		}
	}
	for _, o := range c.Open() {
		path := o.Path
		if o.NotAfter.IsZero() {
			path += ".file"
		}
		read = append(read, path)
		if o.Err != nil {
			t.Errorf("%s: %v", o.Path, o.Err)
		}
	}
	for _, list := range [][]string{want, watched, read} {
		slices.Sort(list)
	}
	if !slices.Equal(want, watched) || !slices.Equal(want, read) {
		t.Errorf("want %v\nwatched %v\nread %v", want, watched, read)
	}
}
