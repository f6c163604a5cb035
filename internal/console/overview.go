package console

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// overview is what overview.html shows: rows for whatever there may be, those that
// have nothing to say among them, with the texts of the last frame.
type overview struct {
	row
	Instance string
	Layout   string // tells this page from one of another version or configuration
	Commands []commandRow
	Groups   []row
	Checks   []row
	Reasons  []row
	Notes    []row
	Behind   []row
	Outcomes []row
	Letters  bool // reasons are links to them
}

// row is a part of the page whose cells' keys begin alike.
type row struct {
	cells cells
	Key   string
	Name  string // as it is shown; "" where a cell says it
}

type commandRow struct {
	row
	Squares []string // their states
}

// cell is one element's.
type cell struct {
	Key, Text, State string
	HasText          bool
	Level            float64
}

// At is the cell of that name in the row; "" is the row's own.
func (r row) At(name string) cell {
	key := strings.TrimPrefix(r.Key+"."+name, ".")
	if name == "" {
		key = r.Key
	}
	text, hasText := r.cells.Texts[key]
	return cell{Key: key, Text: text, State: r.cells.States[key], HasText: hasText, Level: r.cells.Levels[key]}
}

// Parts are the name's, each with its dot, between which a line may break.
func (r row) Parts() []string { return strings.SplitAfter(r.Name, ".") }

func (c *Console) overviewRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { c.render(w, r, "overview", c.overview()) })
}

// layout is a digest of what a page is made of beside its cells.
func (c *Console) layout(now moment) string {
	h := sha256.New()
	text, _ := templateFiles.ReadFile("templates/overview.html") // is there: it has been parsed
	fmt.Fprint(h, string(text), c.deps.Version, c.assets["live.js"].tag, c.assets["console.css"].tag)
	for i := range now.Commands {
		fmt.Fprint(h, now.Commands[i].Name, now.Commands[i].Of)
	}
	for _, g := range now.Groups {
		fmt.Fprint(h, g.Name)
	}
	for _, check := range (view{now: now}).checks() {
		fmt.Fprint(h, check.Name)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (c *Console) overview() overview {
	cells, now := c.live.look()
	rows := func(prefix string, n int) []row {
		all := make([]row, n)
		for i := range all {
			all[i] = row{cells: cells, Key: prefix + "." + strconv.Itoa(i)}
		}
		return all
	}
	o := overview{
		row: row{cells: cells}, Instance: c.deps.Instance, Layout: c.layout(now), Letters: c.deps.Desk != nil,
		Notes: rows("note", noteRows), Behind: rows("b", behindRows), Outcomes: rows("o", outcomeRows),
		Groups: rows("g", len(now.Groups)),
	}
	for i, r := range rows("c", len(now.Commands)) {
		r.Name = now.Commands[i].Name
		o.Commands = append(o.Commands, commandRow{r, strings.Split(cells.Strips[r.Key], "")})
	}
	for i, g := range now.Groups {
		o.Groups[i].Name = g.Name
	}
	for i, check := range (view{now: now}).checks() {
		o.Checks = append(o.Checks, row{cells, "k." + strconv.Itoa(i), check.Name})
	}
	for _, reason := range reasons() {
		o.Reasons = append(o.Reasons, row{cells, "l." + reason, reason})
	}
	return o
}
