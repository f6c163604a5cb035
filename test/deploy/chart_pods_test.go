package deploy

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/command"
)

// pods are the templates of all pods that a release makes.
func pods(all map[string]object) map[string]any {
	found := map[string]any{}
	for key, o := range all {
		if template := at(o, "spec", "template", "spec"); template != nil {
			found[key] = template
		}
	}
	return found
}

// Every pod meets the "restricted" Pod Security Standard, holds no token, and can write
// nowhere.
func TestPodsAreRestricted(t *testing.T) {
	t.Parallel()
	found := pods(rendered(t, values(t, everything)...))
	if len(found) != 2 { // Deployment and Job
		t.Fatalf("there are pods of %d kinds", len(found))
	}
	for key, pod := range found {
		security := object{
			"runAsNonRoot": true, "runAsUser": uint64(65532), "runAsGroup": uint64(65532), "fsGroup": uint64(65532),
			"seccompProfile": object{"type": "RuntimeDefault"},
		}
		if got := at(pod, "securityContext"); !reflect.DeepEqual(got, security) {
			t.Errorf("%s: securityContext is %v", key, got)
		}
		if at(pod, "automountServiceAccountToken") != false || at(pod, "hostNetwork") != nil || at(pod, "hostPID") != nil {
			t.Errorf("%s: it has a token, or a part of its host", key)
		}
		for i := range at(pod, "volumes").([]any) {
			if v := at(pod, "volumes", i); at(v, "configMap") == nil && at(v, "secret") == nil {
				t.Errorf("%s: a volume that is no configuration and no secret: %v", key, v)
			}
		}
		containers := at(pod, "containers").([]any)
		if more, ok := at(pod, "initContainers").([]any); ok {
			containers = append(containers, more...)
		}
		want := object{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": object{"drop": []any{"ALL"}}}
		for _, c := range containers {
			if got := at(c, "securityContext"); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v: securityContext is %v", key, at(c, "name"), got)
			}
			if at(c, "resources", "requests", "cpu") == nil || at(c, "resources", "limits", "memory") == nil {
				t.Errorf("%s: %v: no request of CPU, or no limit of memory", key, at(c, "name"))
			}
			for i := range at(c, "volumeMounts").([]any) {
				if m := at(c, "volumeMounts", i); at(m, "readOnly") != true || at(m, "subPath") != nil {
					t.Errorf("%s: %v: mounted to be written, or by a path that is never renewed: %v", key, at(c, "name"), m)
				}
			}
		}
	}
}

// The Job's steps come in their order; those that change something have the operator's
// credentials, and `check` has the processor's.
func TestTheSetupRunsInOrder(t *testing.T) {
	t.Parallel()
	all := rendered(t, values(t, everything)...)
	job := all["Job/processor-setup"]
	pod := at(job, "spec", "template", "spec")
	steps := append(slices.Clone(at(pod, "initContainers").([]any)), at(pod, "containers").([]any)...)
	var lines []string
	for _, step := range steps {
		lines = append(lines, fmt.Sprint(at(step, "args")))
		operators := strings.Contains(fmt.Sprint(at(step, "env")), "bank-processor-topics") &&
			strings.Contains(fmt.Sprint(at(step, "volumeMounts")), "/run/secrets/setup")
		if operators == (at(step, "name") == "check") {
			t.Errorf("%v has the credentials of somebody else: %v", at(step, "name"), at(step, "env"))
		}
	}
	const config = " --config /etc/processor/processor.yaml]"
	if want := []string{"[topics apply" + config, "[schemas apply" + config, "[check" + config}; !slices.Equal(lines, want) {
		t.Errorf("the steps are %v", lines)
	}
	// All that it needs is there before it.
	for _, key := range []string{"ConfigMap/processor-setup", "NetworkPolicy/processor-setup"} {
		if at(all[key], "metadata", "annotations", "helm.sh/hook") != at(job, "metadata", "annotations", "helm.sh/hook") ||
			at(all[key], "metadata", "annotations", "helm.sh/hook-weight") != "-10" {
			t.Errorf("%s is not there before the Job", key)
		}
	}
}

// The network policy opens the ports that the configuration names and no others, to
// those who may have them.
func TestTheNetworkPolicyFollowsTheConfiguration(t *testing.T) {
	t.Parallel()
	policy := rendered(t, values(t, everything)...)["NetworkPolicy/processor"]
	var rules []string
	for _, rule := range at(policy, "spec", "egress").([]any) {
		var ports []string
		for _, p := range at(rule, "ports").([]any) {
			ports = append(ports, fmt.Sprint(at(p, "protocol"), " ", at(p, "port")))
		}
		rules = append(rules, fmt.Sprint(strings.Join(ports, ", "), " to ", at(rule, "to")))
	}
	want := []string{
		"UDP 53, TCP 53 to [map[namespaceSelector:map[matchLabels:map[kubernetes.io/metadata.name:kube-system]]]]",
		"TCP 9093, TCP 9094 to [map[ipBlock:map[cidr:192.0.2.0/25]]]",
		"TCP 8081 to <nil>",
		"TCP 443, TCP 8443 to [map[ipBlock:map[cidr:198.51.100.0/24]]]",
		"TCP 4318 to [map[namespaceSelector:map[matchLabels:map[kubernetes.io/metadata.name:tracing]]]]",
		"TCP 3128 to [map[ipBlock:map[cidr:203.0.113.7/32]]]",
	}
	if !slices.Equal(rules, want) {
		t.Errorf("egress:\n%s\nwant\n%s", strings.Join(rules, "\n"), strings.Join(want, "\n"))
	}
	ingress := at(policy, "spec", "ingress").([]any)
	if len(ingress) != 1 || number(at(ingress, 0, "ports", 0, "port")) != 9464 || len(at(ingress, 0, "from").([]any)) != 2 {
		t.Errorf("ingress: %v", ingress)
	}
	closed := rendered(t, append(values(t, minimal), "--set", "networkPolicy.ingress.prometheus=null")...)["NetworkPolicy/release-bank-processor"]
	if got := at(closed, "spec", "ingress"); !reflect.DeepEqual(got, []any{}) {
		t.Errorf("nobody is named, and ingress is %v", got)
	}
}

// KEDA looks at the topic of each command, and logs on as the brokers want it.
func TestKEDAScalesOnEveryCommand(t *testing.T) {
	t.Parallel()
	all := rendered(t, values(t, everything)...)
	scaled := all["ScaledObject/processor"]
	topics := map[string]bool{}
	for _, trigger := range at(scaled, "spec", "triggers").([]any) {
		metadata := at(trigger, "metadata")
		topics[at(metadata, "topic").(string)] = true
		for key, want := range map[string]string{
			"bootstrapServers": "kafka-1.example.com:9093,kafka-2.example.com:9093", "consumerGroup": "bank-processor", "lagThreshold": "1000",
			"offsetResetPolicy": "earliest", "excludePersistentLag": "true", "tls": "enable", "sasl": "scram_sha512", "version": "3.8.0",
		} {
			if got := at(metadata, key); got != want {
				t.Errorf("%s is %v, want %s", key, got, want)
			}
		}
		if at(trigger, "authenticationRef", "name") != at(all["TriggerAuthentication/processor"], "metadata", "name") {
			t.Errorf("it logs on with %v", at(trigger, "authenticationRef"))
		}
	}
	for _, name := range command.Names() {
		if !topics["prod."+string(name)] {
			t.Errorf("nobody looks at %s", name)
		}
	}
	if len(topics) != len(command.Names()) {
		t.Errorf("it looks at %v", topics)
	}
	if at(all["Deployment/processor"], "spec", "replicas") != nil {
		t.Error("the Deployment has a number of its own")
	}
}

// NOTES.txt says what stands in the values. Helm shows it with an install alone, which
// needs a cluster: a copy of the chart has it as a manifest.
func TestTheNotesAreWritten(t *testing.T) {
	t.Parallel()
	copied := t.TempDir() + "/bank-processor"
	run(t, "cp", "-rL", absolute(t, chart), copied)
	const manifest = `{apiVersion: v1, kind: ConfigMap, metadata: {name: notes}, data: {notes: {{ include (print .Template.BasePath "/NOTES.txt") . | toJson }}}}`
	if err := os.WriteFile(copied+"/templates/notes.yaml", []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string][]string{
		minimal: {
			"2 processors. Each is given 40 s to stop; the configuration may need 25 s.", "deployment/release-bank-processor",
			"processor topics apply", "networkPolicy.egress.banks names no addresses",
		},
		everything: {"2 to 24 processors, by what waits in Kafka. Each is given 180 s to stop; the configuration may need 105 s.", "deployment/processor"},
	} {
		out := run(t, tool(t, "helm"), append([]string{"template", "release", copied, "--kube-version", newest, "--show-only", "templates/notes.yaml"}, values(t, file)...)...)
		notes, _ := at(documents(t, out)[0], "data", "notes").(string)
		for _, part := range want {
			if !strings.Contains(notes, part) {
				t.Errorf("%s: the notes do not say %q:\n%s", file, part, notes)
			}
		}
	}
}
