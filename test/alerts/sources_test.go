package alerts

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/goccy/go-yaml"
)

// Where things are, from the project's root.
const (
	rulesDir      = "deploy/prometheus"
	casesDir      = "test/alerts/rules"
	runbooksDir   = "docs/runbooks"
	dashboardPath = "deploy/grafana/bank-processor"
)

// Rule is an alert, or a recording.
type Rule struct {
	Alert       string
	Record      string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

// LoadRules reads the rule files.
func LoadRules(root fs.FS) (alerts, records []Rule, err error) {
	for _, name := range []string{"alerts.yaml", "recording.yaml"} {
		var file struct {
			Groups []struct {
				Name  string
				Rules []Rule
			}
		}
		if err := load(root, path.Join(rulesDir, name), &file); err != nil {
			return nil, nil, err
		}
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				if r.Alert != "" {
					alerts = append(alerts, r)
				} else {
					records = append(records, r)
				}
			}
		}
	}
	return alerts, records, nil
}

// Board is the dashboard's source.
type Board struct {
	Title, UID string
	Variables  yaml.MapSlice // name to query
	Rows       []struct {
		Title  string // "" for the one on top, which does not fold
		Panels []Panel
	}
}

// Panel is one panel of the source.
type Panel struct {
	Title, Kind, About, Unit string
	Width, Height            int
	Queries                  yaml.MapSlice // legend to expression
	Runbooks                 []string      // alerts
	RunbookOf                string        `yaml:"runbook_of"` // the column that holds alerts' names
	States                   yaml.MapSlice // value to text
	Warn, Bad                float64
	Calm                     bool
}

// Query is an expression as it stands in the dashboard, with its legend.
func (p Panel) Query(i int) (legend, expr string) {
	expr = fmt.Sprint(p.Queries[i].Value)
	return fmt.Sprint(p.Queries[i].Key), strings.ReplaceAll(expr, "{@", `{namespace=~"$namespace",job=~"$job",instance=~"$instance"`)
}

// LoadBoard reads the dashboard's source.
func LoadBoard(root fs.FS) (b Board, err error) {
	err = load(root, dashboardPath+".yaml", &b)
	if err == nil && len(b.Rows) == 0 {
		err = errors.New(dashboardPath + ".yaml: no rows")
	}
	return b, err
}

func load(root fs.FS, name string, into any) error {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}
