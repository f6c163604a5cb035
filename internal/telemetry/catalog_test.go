package telemetry_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/telemetry"
	"bankprocessor/test/pages"
)

var update = flag.Bool("update", false, "rewrite docs/reference/metrics.md")

const page = "../../docs/reference/metrics.md"

// The reference is made of the catalogue.
func TestMetricsReference(t *testing.T) {
	t.Parallel()
	pages.Hold(t, page, "metrics", "go test ./internal/telemetry -run TestMetricsReference -update", markdown(), *update)
}

func markdown() string {
	var b strings.Builder
	b.WriteString("\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n")
	values := map[string]string{} // by label, or metric and label where it is the metric's own
	for _, m := range telemetry.Catalog() {
		labels := make([]string, len(m.Labels))
		for i, label := range m.Labels {
			labels[i] = "`" + label + "`"
			key := "`" + label + "`"
			if at, seen := values[key]; seen && at != m.Values(label) || slices.Contains(ambiguous, label) {
				key += " of `" + m.Name + "`"
			}
			values[key] = m.Values(label)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, strings.Join(labels, " "), m.Help)
	}
	b.WriteString("\n| label | values |\n| --- | --- |\n")
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprintf(&b, "| %s | %s |\n", key, values[key])
	}
	b.WriteString("\n| histogram | classic buckets, upper bounds |\n| --- | --- |\n")
	for _, m := range telemetry.Catalog() {
		if m.Type == "histogram" {
			fmt.Fprintf(&b, "| `%s` | %s |\n", m.Name, strings.Trim(fmt.Sprint(m.Buckets), "[]"))
		}
	}
	b.WriteString("\n")
	return b.String()
}

// ambiguous are the labels that mean something else with each metric.
var ambiguous = []string{"result", "reason", "action", "how", "to"}

func TestTheCatalogHoldsWhatIsRegistered(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, m := range telemetry.Catalog() {
		if listed[m.Name] || !strings.HasPrefix(m.Name, "processor_") || m.Help == "" {
			t.Errorf("%+v: want one, with the prefix and a help", m)
		}
		listed[m.Name] = true
		for _, label := range m.Labels {
			if m.Values(label) == "" {
				t.Errorf("%s: nothing is said of the label %s", m.Name, label)
			}
		}
		if m.Values("no such label") != "" {
			t.Errorf("%s has values for a label that it does not have", m.Name)
		}
	}
	families, err := telemetry.NewMetrics("v0").Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families { // those without labels are there from the beginning
		if strings.HasPrefix(f.GetName(), "processor_") && !listed[f.GetName()] {
			t.Errorf("%s is not listed", f.GetName())
		}
	}
	if len(listed) < 40 {
		t.Errorf("%d metrics are listed", len(listed))
	}
}

// What the page says of labels is what the code has.
func TestLabelValuesAreTheDomains(t *testing.T) {
	t.Parallel()
	values := map[string]string{}
	for _, m := range telemetry.Catalog() {
		for _, label := range m.Labels {
			values[m.Name+"."+label] = m.Values(label)
		}
	}
	quoted := func(words ...string) (all []string) {
		for _, w := range words {
			all = append(all, "`"+w+"`")
		}
		return all
	}
	var classes []string
	for c := kafka.ClassRetriable; c <= kafka.ClassFatal; c++ {
		classes = append(classes, c.String())
	}
	for key, want := range map[string][]string{
		"processor_dead_letters_total.reason": quoted(string(command.ReasonMalformed), string(command.ReasonRejectedByContract),
			string(command.ReasonExhausted), string(command.ReasonInDoubt), string(command.ReasonUnknownCode)),
		"processor_bank_gate_shut.reason": quoted(string(bankapi.HoldPaused), string(bankapi.HoldDelayed),
			string(bankapi.HoldSecretRefused), string(bankapi.HoldTLSRefused)),
		"processor_bank_calls_running.group": quoted(bankapi.GroupInterAPICustomer, bankapi.GroupInterAPIDBSWrite,
			bankapi.GroupInterAPIDBSRead, bankapi.GroupLoan, bankapi.GroupLoanToken),
		"processor_invoice_reconciliations_total.operation": quoted(string(command.InsertInvoice),
			string(command.UpdateInvoice), string(command.CancelInvoice)),
		"processor_produced_records_total.result": quoted(classes...),
	} {
		for _, word := range want {
			if !strings.Contains(values[key], word) {
				t.Errorf("%s says %q, without %s", key, values[key], word)
			}
		}
	}
}

func TestAHistogramHasThreeNames(t *testing.T) {
	t.Parallel()
	for _, m := range telemetry.Catalog() {
		if names := m.Names(); (m.Type == "histogram") != slices.Contains(names, m.Name+"_bucket") || names[0] != m.Name {
			t.Errorf("%s, a %s: %v", m.Name, m.Type, names)
		}
	}
}
