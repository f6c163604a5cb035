package deploy

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// newest and oldest are the versions of Kubernetes that the chart is rendered for.
const (
	oldest = "1.27.0" // Chart.yaml's kubeVersion
	newest = "1.37.0"
)

const (
	minimal    = chart + "/ci/minimal-values.yaml"
	everything = chart + "/ci/everything-values.yaml"
)

// template renders the chart as `helm template` does.
func template(t *testing.T, version string, args ...string) ended {
	t.Helper()
	return execute(t, "", tool(t, "helm"), append([]string{
		"template", "release", absolute(t, chart), "--namespace", "bank", "--kube-version", version,
	}, args...)...)
}

// values are the arguments that name files of values.
func values(t *testing.T, files ...string) (args []string) {
	t.Helper()
	for _, file := range files {
		args = append(args, "--values", absolute(t, file))
	}
	return args
}

// rendered are the objects of the chart, by kind and name.
func rendered(t *testing.T, args ...string) map[string]object {
	t.Helper()
	e := template(t, newest, args...)
	if e.code != 0 {
		t.Fatalf("helm template: %s", e.err)
	}
	all := map[string]object{}
	for _, o := range documents(t, e.out) {
		key := fmt.Sprint(o["kind"], "/", at(o, "metadata", "name"))
		if all[key] != nil {
			t.Errorf("there are two of %s", key)
		}
		all[key] = o
	}
	return all
}

// valuesOf is a file of values with a processor's configuration in it.
func valuesOf(t *testing.T, configuration string) (file string) {
	t.Helper()
	var config object
	if err := yaml.Unmarshal([]byte(read(t, configuration)), &config); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(object{"config": config})
	if err != nil {
		t.Fatal(err)
	}
	return written(t, "values.yaml", string(text))
}

func TestTheChartIsLinted(t *testing.T) {
	t.Parallel()
	for _, file := range []string{minimal, everything} {
		run(t, tool(t, "helm"), append([]string{"lint", "--strict", "--kube-version", newest, absolute(t, chart)}, values(t, file)...)...)
	}
}

// What the chart renders is what Kubernetes takes, with no name that it does not know.
func TestWhatTheChartRendersConforms(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"minimal":       values(t, minimal),
		"everything":    values(t, everything),
		"production":    values(t, valuesOf(t, root+"/deploy/processor.production.yaml")),
		"bare":          append(values(t, minimal), "--set", "podDisruptionBudget.enabled=false,networkPolicy.enabled=false,service.enabled=false,serviceAccount.create=false,serviceAccount.name=own,setup.check=true,secretMounts=null,topologySpreadConstraints=null"),
		"pod monitor":   append(values(t, everything), "--set", "monitor.kind=PodMonitor,setup.check=false,setup.schemas=false"),
		"closed to all": append(values(t, minimal), "--set", "networkPolicy.ingress.prometheus=null,networkPolicy.ingress.console=null"),
	} {
		for _, version := range []string{oldest, newest} {
			t.Run(name+" on "+version, func(t *testing.T) {
				t.Parallel()
				e := template(t, version, args...)
				if e.code != 0 {
					t.Fatal(e.err)
				}
				if c := conform(t, version, e.out); c.code != 0 || !strings.Contains(c.out, "Errors: 0, Skipped: 0") {
					t.Errorf("kubeconform: %s%s", c.out, c.err)
				}
			})
		}
	}
}

// A manifest with a typo does not conform, whatever it is of.
func TestTyposDoNotConform(t *testing.T) {
	t.Parallel()
	for _, typos := range []map[string][2]string{
		{
			"Deployment":            {"readinessProbe:", "readynessProbe:"},
			"PodDisruptionBudget":   {"unhealthyPodEvictionPolicy:", "unhealthyEvictionPolicy:"},
			"NetworkPolicy":         {"policyTypes:", "policyType:"},
			"Job":                   {"backoffLimit: 2", "backoffLimit: two"},
			"ScaledObject":          {"minReplicaCount:", "minReplicasCount:"},
			"TriggerAuthentication": {"secretTargetRef:", "secretTargetRefs:"},
			"ServiceMonitor":        {"  endpoints:", "  endpoint:"},
			"PrometheusRule":        {"expr: ", "expression: "},
		},
		{"PodMonitor": {"podMetricsEndpoints:", "podMetricEndpoints:"}},
	} {
		args := values(t, everything)
		if _, ok := typos["PodMonitor"]; ok {
			args = append(args, "--set", "monitor.kind=PodMonitor")
		}
		manifests := template(t, newest, args...).out
		for _, typo := range typos {
			if !strings.Contains(manifests, typo[0]) {
				t.Errorf("%q is not rendered", typo[0])
			}
			manifests = strings.Replace(manifests, typo[0], typo[1], 1)
		}
		c := conform(t, newest, manifests)
		if c.code == 0 || !strings.Contains(c.out, fmt.Sprintf("Invalid: %d, Errors: 0", len(typos))) {
			t.Errorf("want %d that are invalid, got exit %d:\n%s", len(typos), c.code, c.out)
		}
		for kind := range typos {
			if !strings.Contains(c.out, "- "+kind+" processor") {
				t.Errorf("%s: the typo is taken", kind)
			}
		}
	}
}

// Values that do not exist, or cannot be meant, are refused by name.
func TestWrongValuesAreRefused(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{
		"replicass=3":                                                 "replicass",
		"image.tagg=v1":                                               "tagg",
		"networkPolicy.egress.bank=null":                              "bank",
		"config.kafak.brokers={kafka:9092}":                           "kafak",
		"config.intake.drain_time=10s":                                "drain_time",
		"config.kafka.sasl.password=hunter22":                         "password", // a secret in clear
		"secretMounts[0].secrets=x":                                   "secrets",
		"monitor.kind=podmonitor":                                     "monitor",
		"keda.minReplicas=0":                                          "minReplicas",
		"keda.enabled=true,keda.maxReplicas=13":                       "keda.maxReplicas: 13 is more than topics.partitions (12)",
		"keda.enabled=true,config.kafka.sasl.mechanism=plain":         "keda.authentication: KEDA needs credentials",
		"terminationGracePeriodSeconds=25":                            "terminationGracePeriodSeconds: 25 is not longer than the 25 s",
		"config.intake.drain_timeout=ten":                             `"ten" is no duration`,
		"env[0].name=PROCESSOR_INTAKE_DRAIN_TIMEOUT,env[0].value=50s": "set its key in config",
		"serviceAccount.create=false":                                 "serviceAccount.name: want one",
		"keda.enabled=true,keda.minReplicas=7":                        "keda.minReplicas: want at most keda.maxReplicas",
		"image.digest=sha256:12":                                      "digest",
		"setup.env[0].valeu=x":                                        "valeu",
		"terminationGracePeriodSeconds=60,config.intake.drain_timeout=1m,replicas=1":       "60 is not longer than the 75 s",
		"topologySpreadConstraints[0].maxSkew=1,topologySpreadConstraints[0].topology=x":   "topology",
		"networkPolicy.ingress.prometheus[0].namespaceSelecter.matchLabels.a=b,replicas=2": "namespaceSelecter",
	} {
		e := template(t, newest, append(values(t, minimal), "--set", set)...)
		if e.code == 0 || !strings.Contains(e.err, want) {
			t.Errorf("--set %s: exit %d, want a message with %q:\n%s", set, e.code, want, e.err)
		}
	}
}

// A configuration that changes is other pods; one that does not is the same.
func TestAnotherConfigurationIsOtherPods(t *testing.T) {
	t.Parallel()
	template := func(args ...string) any {
		return at(rendered(t, append(values(t, minimal), args...)...)["Deployment/release-bank-processor"], "spec", "template")
	}
	checksum := func(template any) any {
		return at(template, "metadata", "annotations", "checksum/config")
	}
	first, again, other := template(), template("--set", "replicas=5"), template("--set", "config.log.level=debug")
	if checksum(first) == nil || checksum(first) != checksum(again) {
		t.Errorf("the checksum is %v, then %v", checksum(first), checksum(again))
	}
	if checksum(first) == checksum(other) {
		t.Error("another configuration has the same checksum")
	}
}

// The rules and the dashboard that a cluster gets are those of the project, templates
// of theirs untouched.
func TestTheRulesComeAsTheyAre(t *testing.T) {
	t.Parallel()
	all := rendered(t, values(t, everything)...)
	var got, want []string
	for _, group := range at(all["PrometheusRule/processor"], "spec", "groups").([]any) {
		got = append(got, rules(group)...)
	}
	for _, file := range []string{"alerts.yaml", "recording.yaml"} {
		for _, group := range at(documents(t, read(t, root+"/deploy/prometheus/"+file))[0], "groups").([]any) {
			want = append(want, rules(group)...)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) < 10 || !slices.Equal(got, want) {
		t.Errorf("got %d rules, want the %d of deploy/prometheus", len(got), len(want))
	}
	if at(all["ConfigMap/processor-dashboard"], "data", "bank-processor.json") != read(t, root+"/deploy/grafana/bank-processor.json") {
		t.Error("the dashboard is another one")
	}
	files, err := filepath.Glob(root + "/deploy/prometheus/*.yaml")
	if err != nil || len(files) != 2 {
		t.Errorf("deploy/prometheus has %v, %v: the chart and compose.yaml know alerts.yaml and recording.yaml", files, err)
	}
}

// rules are a group's, each in a line; of a runbook's address the path counts.
func rules(group any) (all []string) {
	for _, rule := range at(group, "rules").([]any) {
		runbook, _ := at(rule, "annotations", "runbook_url").(string)
		all = append(all, fmt.Sprint(at(group, "name"), at(group, "interval"), at(rule, "alert"), at(rule, "record"), strings.TrimSpace(fmt.Sprint(at(rule, "expr"))),
			at(rule, "for"), at(rule, "labels"), at(rule, "annotations", "summary"), at(rule, "annotations", "description"),
			strings.TrimPrefix(runbook, "https://example.com/")))
	}
	return all
}
