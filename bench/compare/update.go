package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

var errNoMarks = errors.New("its marks are not there")

// update replaces what stands in a file between a broker's marks,
//
//	<!-- bench: KIND -->
//	<!-- bench: end -->
//
// each alone on its line, and shows the picture if there is one. KIND is parts.Broker's:
// "embedded broker" or "Apache Kafka".
func update(file, picture string, r report) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("updating a page: %w", err)
	}
	if len(r.rows) == 0 {
		return nil
	}
	begin, end := "<!-- bench: "+r.rows[0].Broker+" -->\n", "<!-- bench: end -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return fmt.Errorf("updating %s: %w: %q, %q", file, errNoMarks, begin, end)
	}
	var into bytes.Buffer
	into.WriteString(before + begin + "\n")
	if err := r.write(&into); err != nil {
		return err
	}
	if picture != "" {
		path, err := filepath.Rel(filepath.Dir(file), picture)
		if err != nil {
			return fmt.Errorf("updating a page: %w", err)
		}
		fmt.Fprintf(&into, "\n![Commands per second, and to the ceiling's](%s)\n", filepath.ToSlash(path))
	}
	into.WriteString("\n" + end + after)
	return os.WriteFile(file, into.Bytes(), 0o644)
}
