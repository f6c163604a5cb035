package alerts

import "fmt"

// kind is how Grafana shows one of the source's kinds.
type kind struct {
	panel   string
	custom  object
	options func(Panel) object
}

var legend = object{"displayMode": "list", "placement": "bottom", "showLegend": true}

var kinds = map[string]kind{
	"stat": {"stat", nil, func(Panel) object {
		return object{
			"colorMode": "value", "graphMode": "area", "textMode": "auto", "justifyMode": "auto",
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "values": false},
		}
	}},
	"graph": {"timeseries", object{"fillOpacity": 5, "lineWidth": 1, "showPoints": "never", "spanNulls": false}, graph},
	"stack": {"timeseries", object{"fillOpacity": 40, "lineWidth": 1, "showPoints": "never", "stacking": object{"mode": "normal", "group": "A"}}, graph},
	"states": {"state-timeline", object{"fillOpacity": 70, "lineWidth": 0}, func(Panel) object {
		return object{"legend": legend, "mergeValues": true, "showValue": "auto", "rowHeight": 0.8, "tooltip": object{"mode": "single"}}
	}},
	"heatmap": {"heatmap", nil, func(p Panel) object {
		return object{
			"calculate": false, "yAxis": object{"unit": p.Unit, "axisPlacement": "left"}, "cellGap": 1,
			"color":  object{"mode": "scheme", "scheme": "Oranges", "exponent": 0.5, "steps": 64},
			"legend": object{"show": true}, "tooltip": object{"mode": "single", "showColorScale": true, "yHistogram": true},
		}
	}},
	"table": {"table", object{"align": "auto", "filterable": true}, func(Panel) object { return object{"showHeader": true, "cellHeight": "sm"} }},
}

func graph(Panel) object {
	return object{"legend": legend, "tooltip": object{"mode": "multi", "sort": "desc"}}
}

// defaults are what holds for all of a panel's fields.
func defaults(p Panel, k kind) object {
	d := object{"unit": p.Unit, "color": object{"mode": "palette-classic"}}
	if k.custom != nil {
		d["custom"] = k.custom
	}
	if steps := thresholds(p); len(steps) > 1 || p.Kind == "stat" {
		d["color"] = object{"mode": "thresholds"}
		d["thresholds"] = object{"mode": "absolute", "steps": steps}
	}
	if p.Kind == "stat" || p.Kind == "graph" && p.Unit != "d" { // a certificate may be over
		d["min"] = 0
	}
	if len(p.States) > 0 {
		d["color"] = object{"mode": "thresholds"}
		d["thresholds"] = object{"mode": "absolute", "steps": []object{step(nil, "green"), step(0.5, "yellow"), step(1, "red")}}
		texts := object{}
		for i, s := range p.States {
			texts[fmt.Sprint(s.Key)] = object{"text": s.Value, "index": i}
		}
		d["mappings"] = []object{{"type": "value", "options": texts}}
	}
	if p.RunbookOf != "" {
		d["links"] = []object{{"title": "Runbook", "url": "${runbooks}/${__data.fields." + p.RunbookOf + "}.md", "targetBlank": true}}
	}
	return d
}

func thresholds(p Panel) []object {
	steps := []object{step(nil, "green")}
	if p.Calm {
		return append(steps, step(1, "red"))
	}
	if p.Warn > 0 {
		steps = append(steps, step(p.Warn, "orange"))
	}
	if p.Bad > 0 {
		steps = append(steps, step(p.Bad, "red"))
	}
	return steps
}

func step(value any, color string) object { return object{"value": value, "color": color} }
