package alerts

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// object is one of JSON's; its keys come out in order.
type object = map[string]any

const (
	schemaVersion = 41 // Grafana 12; older ones take it, too
	columns       = 24
	tall, flat    = 8, 4 // rows of the grid
)

var source = object{"type": "prometheus", "uid": "${datasource}"}

// Render makes Grafana's JSON of a dashboard.
func Render(b Board) ([]byte, error) {
	r := renderer{}
	for _, row := range b.Rows {
		if row.Title != "" {
			r.row(row.Title)
		}
		for _, p := range row.Panels {
			if err := r.panel(p); err != nil {
				return nil, fmt.Errorf("%s: %w", p.Title, err)
			}
		}
		r.line()
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(object{
		"title": b.Title, "uid": b.UID, "tags": []string{"bank-processor"}, "schemaVersion": schemaVersion,
		"editable": true, "graphTooltip": 1, "refresh": "30s", "time": object{"from": "now-3h", "to": "now"},
		"timezone": "browser", "panels": r.panels, "templating": object{"list": variables(b)},
		"annotations": object{"list": []object{{
			"name": "Starts", "enable": true, "iconColor": "blue", "datasource": source, "titleFormat": "{{instance}} started",
			"expr": `changes(process_start_time_seconds{namespace=~"$namespace",job=~"$job",instance=~"$instance"}[1m]) > 0`,
		}}},
	})
	return out.Bytes(), err
}

func variables(b Board) []object {
	all := []object{
		{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
		{"name": "runbooks", "label": "Runbooks at", "type": "textbox", "query": "/public/runbooks",
			"current": object{"text": "/public/runbooks", "value": "/public/runbooks"}},
	}
	for _, v := range b.Variables {
		all = append(all, object{
			"name": v.Key, "label": v.Key, "type": "query", "datasource": source, "refresh": 2, "sort": 1,
			"query":      object{"query": v.Value, "refId": "variable"},
			"includeAll": true, "multi": true, "allValue": ".*", "current": object{"text": "All", "value": "$__all"},
		})
	}
	return all
}

// renderer lays panels out from left to right.
type renderer struct {
	panels       []object
	x, y, height int
}

// line begins below what is there.
func (r *renderer) line() { r.x, r.y, r.height = 0, r.y+r.height, 0 }

func (r *renderer) place(width, height int) object {
	if r.x+width > columns {
		r.line()
	}
	at := object{"x": r.x, "y": r.y, "w": width, "h": height}
	r.x, r.height = r.x+width, max(r.height, height)
	return at
}

func (r *renderer) add(o object) {
	o["id"] = len(r.panels) + 1
	r.panels = append(r.panels, o)
}

func (r *renderer) row(title string) {
	r.add(object{"type": "row", "title": title, "collapsed": false, "panels": []object{}, "gridPos": r.place(columns, 1)})
	r.line()
}

func (r *renderer) panel(p Panel) error {
	kind, ok := kinds[p.Kind]
	if !ok {
		return fmt.Errorf("there is no kind %q", p.Kind)
	}
	height := p.Height
	switch {
	case height > 0:
	case p.Kind == "stat":
		height = flat
	default:
		height = tall
	}
	o := object{
		"type": kind.panel, "title": p.Title, "description": p.About, "datasource": source,
		"gridPos": r.place(p.Width, height), "options": kind.options(p), "links": runbooks(p),
		"fieldConfig": object{"defaults": defaults(p, kind), "overrides": []object{}},
	}
	if p.Kind == "table" {
		o["transformations"] = []object{{"id": "organize", "options": object{"excludeByName": object{"Time": true}}}}
	}
	var targets []object
	for i := range p.Queries {
		legend, expr := p.Query(i)
		target := object{"refId": string(rune('A' + i)), "datasource": source, "expr": expr, "legendFormat": legend, "range": true}
		switch p.Kind {
		case "heatmap":
			target["format"] = "heatmap"
		case "table":
			target["format"], target["instant"], target["range"] = "table", true, false
		}
		targets = append(targets, target)
	}
	o["targets"] = targets
	r.add(o)
	return nil
}

func runbooks(p Panel) []object {
	links := []object{}
	for _, alert := range p.Runbooks {
		links = append(links, object{"title": alert, "url": "${runbooks}/" + alert + ".md", "targetBlank": true})
	}
	return links
}
