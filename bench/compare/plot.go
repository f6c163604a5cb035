package main

import (
	"fmt"
	"html"
	"io"
	"strings"

	"bankprocessor/bench/figures"
)

// What the plot measures, in its own units.
const (
	plotWidth  = 900
	labelWidth = 330 // of names at the left
	valueWidth = 150 // of numbers at the right
	barHeight  = 14
	barGap     = 4
	cellGap    = 26
	margin     = 16
)

// colours of the contenders, ours darker than the rest.
var colours = map[string]string{
	nameCeiling: "#9aa0a6", nameProcessor: "#1a5fb4", nameAttempts: "#62a0ea", nameNaive: "#e5a50a", nameNaiveOne: "#f6d32d",
	nameWatermill: "#26a269", nameParallelThreads: "#a51d2d", nameParallelReactor: "#e01b24",
}

// plot draws the backlogs as bars: each contender's throughput as a share of the
// ceiling's, with its number behind.
func (r report) plot(out io.Writer) error {
	var bars strings.Builder
	y := margin
	scale := float64(plotWidth - labelWidth - valueWidth)
	for _, c := range r.cells {
		ceiling := r.rows.of(c.name, nameCeiling)
		if c.kind != throughput || len(ceiling) == 0 {
			continue
		}
		fmt.Fprintf(&bars, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", margin, y+barHeight-2, html.EscapeString(c.name))
		y += barHeight + barGap
		for _, who := range c.contenders {
			rows := r.rows.of(c.name, who)
			share := rows.against(ceiling, perSecond).Median
			fmt.Fprintf(&bars, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", labelWidth-8, y+barHeight-3, html.EscapeString(who))
			fmt.Fprintf(&bars, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n",
				labelWidth, y, min(max(share, 0.002), 1.1)*scale, barHeight, colours[who])
			fmt.Fprintf(&bars, `<text x="%.1f" y="%d">%s/s, %s</text>`+"\n", labelWidth+min(share, 1.1)*scale+6, y+barHeight-3,
				figures.Number(figures.Median(rows.values(perSecond))), figures.Number(share))
			y += barHeight + barGap
		}
		y += cellGap - barGap
	}
	if y == margin {
		return nil
	}
	_, err := fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n"+
		`<title>Commands per second, and to the ceiling's (%s)</title>`+"\n"+
		`<rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n",
		plotWidth, y, html.EscapeString(r.rows[0].Broker), bars.String())
	return err
}
