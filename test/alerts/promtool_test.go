package alerts

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// promtool runs it in the project's root. It comes with Debian's prometheus, and with
// every release of Prometheus; PROMTOOL says where it is when it is not in the path.
func promtool(t *testing.T, args ...string) string {
	t.Helper()
	name := os.Getenv("PROMTOOL")
	if name == "" {
		name = "promtool"
	}
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("promtool is needed here: %v", err)
		}
		t.Skipf("without promtool nobody says whether the rules do what they should: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, name, args...)
	run.Dir = "../.."
	out, err := run.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestTheRulesAreRules(t *testing.T) {
	t.Parallel()
	promtool(t, "check", "rules", rulesDir+"/alerts.yaml", rulesDir+"/recording.yaml")
}

func TestTheRulesDoWhatTheirCasesSay(t *testing.T) {
	t.Parallel()
	cases, err := fs.Glob(root, casesDir+"/*.yaml")
	must(t, err)
	promtool(t, append([]string{"test", "rules"}, cases...)...)
}

// Grafana's variables, with what they may stand for.
var filled = strings.NewReplacer(
	"$__rate_interval", "5m", "$__range", "3h", "$namespace", "a|b", "$job", ".*", "$instance", ".*", "$topic", ".*", "$command", ".*")

// The dashboard's and the runbooks' queries are PromQL: as a rule file they would be taken.
func TestEveryOtherQueryIsPromQL(t *testing.T) {
	t.Parallel()
	_, board := expressions(t)
	var rules []map[string]string
	for i, e := range append(board, runbookQueries(t)...) {
		expr := filled.Replace(e.text)
		if strings.Contains(expr, "$") {
			t.Errorf("%s: a variable is left in %s", e.where, expr)
		}
		rules = append(rules, map[string]string{"record": fmt.Sprintf("query:%d", i), "expr": expr})
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "queries", "rules": rules}}})
	must(t, err)
	file := filepath.Join(t.TempDir(), "queries.yaml")
	must(t, os.WriteFile(file, text, 0o600))
	if out := promtool(t, "check", "rules", file); !strings.Contains(out, fmt.Sprintf("%d rules found", len(rules))) {
		t.Errorf("promtool has not seen %d queries: %s", len(rules), out)
	}
}

var asked = regexp.MustCompile(`^ALERTS\{alertname="(\w+)",alertstate="firing"\}$`)

// Each alert has a case in which it fires and one, called a near miss, in which it does
// not at any time that is looked at.
func TestEveryAlertHasACaseAndANearMiss(t *testing.T) {
	t.Parallel()
	alerts, _, err := LoadRules(root)
	must(t, err)
	fires, misses := map[string]bool{}, map[string]bool{}
	files, err := fs.Glob(root, casesDir+"/*.yaml")
	must(t, err)
	for _, name := range files {
		var file struct {
			Tests []struct {
				Name   string
				Checks []struct {
					Expr    string
					Samples []map[string]any `yaml:"exp_samples"`
				} `yaml:"promql_expr_test"`
			}
		}
		text, err := fs.ReadFile(root, name)
		must(t, err)
		must(t, yaml.Unmarshal(text, &file))
		for _, c := range file.Tests {
			miss := strings.Contains(c.Name, "near miss")
			for _, check := range c.Checks {
				m := asked.FindStringSubmatch(check.Expr)
				if m == nil {
					t.Errorf("%s: %s asks %s", name, c.Name, check.Expr)
					continue
				}
				if len(check.Samples) > 0 {
					fires[m[1]] = fires[m[1]] || strings.HasPrefix(c.Name, m[1])
					if miss {
						t.Errorf("%s: %s is no miss: %s fires", name, c.Name, m[1])
					}
				} else if miss && strings.HasPrefix(c.Name, m[1]) {
					misses[m[1]] = true
				}
			}
		}
	}
	for _, a := range alerts {
		if !fires[a.Alert] || !misses[a.Alert] {
			t.Errorf("%s: fires in a case: %t, has a near miss: %t", a.Alert, fires[a.Alert], misses[a.Alert])
		}
	}
}
