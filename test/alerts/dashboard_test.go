package alerts

import (
	"encoding/json"
	"io/fs"
	"os"
	"slices"
	"testing"
)

func TestTheDashboardIsMadeOfItsSource(t *testing.T) {
	t.Parallel()
	b, err := LoadBoard(root)
	must(t, err)
	want, err := Render(b)
	must(t, err)
	if *update {
		must(t, os.WriteFile("../../"+dashboardPath+".json", want, 0o644))
	}
	got, err := fs.ReadFile(root, dashboardPath+".json")
	must(t, err)
	if string(got) != string(want) {
		t.Errorf("%s.json is not what its source says: go test ./test/alerts -update", dashboardPath)
	}
}

// shown is what the tests read of the JSON.
type shown struct {
	SchemaVersion int
	Panels        []struct {
		ID      int
		Type    string
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ RefID, Expr, LegendFormat string }
		Options map[string]any
	}
	Templating struct{ List []struct{ Name string } }
}

// Panels do not overlap or leave the page, have an id of their own, and ask something;
// each query's legend is made of labels that its result has.
func TestTheDashboardIsSound(t *testing.T) {
	t.Parallel()
	text, err := fs.ReadFile(root, dashboardPath+".json")
	must(t, err)
	var d shown
	must(t, json.Unmarshal(text, &d))
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("%s: its id is another's", p.Title)
		}
		ids[p.ID] = true
		if p.GridPos.X+p.GridPos.W > columns || p.GridPos.W < 1 || p.GridPos.H < 1 {
			t.Errorf("%s leaves the page", p.Title)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if cells[at] != "" {
					t.Fatalf("%s lies on %s", p.Title, cells[at])
				}
				cells[at] = p.Title
			}
		}
		if p.Type != "row" && (len(p.Targets) == 0 || p.Options == nil) {
			t.Errorf("%s shows nothing", p.Title)
		}
		for _, q := range p.Targets {
			for _, m := range legendLabel.FindAllStringSubmatch(q.LegendFormat, -1) {
				if g := Read(q.Expr).Grouping; !slices.Contains(g, m[1]) {
					t.Errorf("%s: the legend wants %s of %s", p.Title, m[1], q.Expr)
				}
			}
		}
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name)
	}
	for _, want := range []string{"datasource", "runbooks", "namespace", "job", "instance", "topic", "command"} {
		if !slices.Contains(names, want) {
			t.Errorf("there is no variable %s", want)
		}
	}
}
