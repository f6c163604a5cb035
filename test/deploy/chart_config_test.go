package deploy

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/app"
	"bankprocessor/internal/config"
)

var update = flag.Bool("update", false, "rewrite the configuration's part of values.schema.json")

// configuration is what a release's ConfigMap holds.
func configuration(t *testing.T, args ...string) (file string) {
	t.Helper()
	text, ok := at(configMap(rendered(t, args...)), "data", "processor.yaml").(string)
	if !ok {
		t.Fatal("there is no ConfigMap with a processor.yaml")
	}
	return written(t, "processor.yaml", text)
}

func configMap(all map[string]object) any {
	if o, ok := all["ConfigMap/release-bank-processor"]; ok {
		return o
	}
	return all["ConfigMap/processor"] // of everything
}

// A configuration comes through the chart as it is: the processor reads the same from
// the ConfigMap as from the file, large numbers and maps included.
func TestTheRenderedConfigurationIsTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"processor.example.yaml", "processor.production.yaml", "compose/processor.yaml"} {
		file := root + "/deploy/" + name
		want, got := loaded(t, file), loaded(t, configuration(t, values(t, valuesOf(t, file))...))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read from the ConfigMap it is\n%+v\nwant\n%+v", name, got, want)
		}
	}
	for _, file := range []string{minimal, everything} {
		loaded(t, configuration(t, values(t, file)...))
	}
}

// loaded is a configuration without faults. The files that it names are on other
// machines: that they are not here is none.
func loaded(t *testing.T, file string) config.Config {
	t.Helper()
	cfg, faults, err := config.Inspect(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if faults != nil {
		for _, f := range faults.List {
			if !strings.Contains(f.Message, "no such file") {
				t.Errorf("%s: %s", file, f)
			}
		}
	}
	return cfg
}

// Unless told otherwise the admin port can be reached from outside of the pod.
func TestTheAdminPortIsOpenToTheCluster(t *testing.T) {
	t.Parallel()
	if cfg := loaded(t, configuration(t, values(t, minimal)...)); cfg.Admin.Address != "0.0.0.0:9464" {
		t.Errorf("the admin port is at %q", cfg.Admin.Address)
	}
}

// Pods are given longer than the processor says that it may need, whatever the
// configuration's timeouts are; and so are compose's container and systemd's service.
func TestStopsAreGivenEnoughTime(t *testing.T) {
	for set, want := range map[string]int{
		"": 40,
		"config.intake.drain_timeout=1m30s,config.intake.session_timeout=2m,config.intake.rebalance_timeout=5m":  120,
		"config.intake.drain_timeout=750ms,config.output.ack_timeout=2.5s":                                       29,
		"config.processing.publish_grace=1m,config.intake.rebalance_timeout=2m,terminationGracePeriodSeconds=99": 99,
		"config.intake.drain_timeout=1h,config.intake.session_timeout=2h,config.intake.rebalance_timeout=4h30m":  3630,
		"config.processing.publish_grace=20s,config.output.ack_timeout=20s":                                      70,
	} {
		args := values(t, minimal)
		if set != "" {
			args = append(args, "--set", set)
		}
		grace := number(at(rendered(t, args...)["Deployment/release-bank-processor"], "spec", "template", "spec", "terminationGracePeriodSeconds"))
		if grace != want {
			t.Errorf("%q: %d s, want %d", set, grace, want)
		}
		if needs := stopSeconds(t, configuration(t, args...)); float64(grace) <= needs {
			t.Errorf("%q: %d s are not longer than the %v s that a stop may take", set, grace, needs)
		}
	}
	project := composeProject(t)
	if grace := at(project, "services", "processor", "stop_grace_period"); grace != "1m0s" || 60 <= stopSeconds(t, root+"/deploy/compose/processor.yaml") {
		t.Errorf("compose: stop_grace_period is %v", grace)
	}
	if !strings.Contains(read(t, unit), "\nTimeoutStopSec=60s\n") || 60 <= stopSeconds(t, root+"/deploy/processor.production.yaml") {
		t.Error("systemd: TimeoutStopSec is not 60s, or too short")
	}
}

// stopSeconds is what the processor itself says of a configuration.
func stopSeconds(t *testing.T, file string) float64 {
	t.Helper()
	for _, name := range []string{"BANK_APP_KEY", "BANK_SUBSCRIPTION_KEY", "BANK_CLIENT_SECRET"} {
		t.Setenv(name, "a-secret-of-the-test")
	}
	// The timeouts alone: what the file names is on other machines.
	cfg, local := loaded(t, file), loaded(t, root+"/deploy/compose/processor.yaml")
	local.Intake, local.Processing, local.Output = cfg.Intake, cfg.Processing, cfg.Output
	local.Console.TokensFile = ""
	a, err := app.New(local, app.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return a.StopTimeout().Seconds()
}

// The chart refuses every key that the processor does not have: its schema has the
// keys of internal/config, written by `go test ./test/deploy -run Schema -update`.
func TestTheSchemaHasTheKeysOfTheConfiguration(t *testing.T) {
	t.Parallel()
	file := chart + "/values.schema.json"
	var schema object
	if err := json.Unmarshal([]byte(read(t, file)), &schema); err != nil {
		t.Fatal(err)
	}
	at(schema, "properties").(object)["config"] = keysSchema(t)
	want, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, file) != string(want) {
		t.Error("values.schema.json has other keys than the configuration: run `go test ./test/deploy -run Schema -update`")
	}
}

// keysSchema closes every section of the configuration. What a key may hold is the
// processor's to say.
func keysSchema(t *testing.T) object {
	t.Helper()
	whole := section()
	for _, key := range config.Keys() {
		parts, within := strings.Split(key, "."), whole
		for _, part := range parts[:len(parts)-1] {
			properties := within["properties"].(object)
			if properties[part] == nil {
				properties[part] = section()
			}
			within = properties[part].(object)
		}
		within["properties"].(object)[parts[len(parts)-1]] = object{}
	}
	return whole
}

func section() object {
	return object{"type": "object", "additionalProperties": false, "properties": object{}}
}

// Every value of the chart is in its schema, and the other way round.
func TestTheSchemaHasTheValues(t *testing.T) {
	t.Parallel()
	var schema object
	if err := json.Unmarshal([]byte(read(t, chart+"/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	known, given := []string{}, []string{}
	for name := range at(schema, "properties").(object) {
		if name != "global" { // Helm's own
			known = append(known, name)
		}
	}
	for name := range documents(t, read(t, chart+"/values.yaml"))[0] {
		given = append(given, name)
	}
	slices.Sort(known)
	slices.Sort(given)
	if fmt.Sprint(known) != fmt.Sprint(given) {
		t.Errorf("the schema has %v\nvalues.yaml has %v", known, given)
	}
}
