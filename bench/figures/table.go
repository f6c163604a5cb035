package figures

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Table is a table in Markdown, its columns padded so that it reads as text too.
type Table struct {
	Columns []string
	rows    [][]string
}

// Add appends a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// WriteTo writes the table.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	widths := make([]int, len(t.Columns))
	rule := make([]string, len(t.Columns))
	for _, row := range append([][]string{t.Columns}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	for i, width := range widths {
		rule[i] = strings.Repeat("-", width)
	}
	written := int64(0)
	for _, row := range append([][]string{t.Columns, rule}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		n, err := io.WriteString(w, line.String()+"|\n")
		written += int64(n)
		if err != nil {
			return written, err
		}
	}
	return written, nil
}
