package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// check returns every violation, as "path: what is wrong".
func check(sources []source) []string {
	var found []string
	for _, s := range sources {
		for _, rule := range []func(source) []string{checkRoom, checkOwners, checkStandard, checkFloats, checkSleep, checkLength} {
			for _, wrong := range rule(s) {
				found = append(found, s.path+": "+wrong)
			}
		}
	}
	return found
}

func checkRoom(s source) []string {
	if s.test {
		return nil
	}
	i := slices.IndexFunc(rooms, func(r room) bool { return matches(r.path, s.room()) })
	if i < 0 {
		return []string{"the package has no row in rooms (internal/archtest/rules.go)"}
	}
	var wrong []string
	for _, imported := range s.imports {
		ours := strings.HasPrefix(imported, "internal/") || matchesAny([]string{"cmd/...", "schemas", "test/..."}, imported)
		if ours && !matchesAny(rooms[i].may, imported) || matchesAny(rooms[i].never, imported) {
			wrong = append(wrong, "imports "+imported)
		}
	}
	return wrong
}

func checkOwners(s source) []string {
	var wrong []string
	for _, o := range owners {
		if matchesAny(o.in, s.room()) || s.test && o.inTests || matches(o.imports, s.room()) {
			continue
		}
		for _, imported := range s.imports {
			if matches(o.imports, imported) {
				wrong = append(wrong, fmt.Sprintf("imports %s, which belongs to %s", imported, strings.Join(o.in, ", ")))
			}
		}
	}
	return wrong
}

func checkStandard(s source) []string {
	if s.test || !slices.Contains(standardOnly, s.room()) {
		return nil
	}
	var wrong []string
	for _, imported := range s.imports {
		if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
			wrong = append(wrong, "imports "+imported+", which is not the standard library's")
		}
	}
	return wrong
}

// checkFloats keeps floating-point numbers out of what amounts pass through.
func checkFloats(s source) []string {
	if s.test || !matchesAny(floatFree, s.room()) || floats[s.path] != "" {
		return nil
	}
	return floatsIn(s)
}

// floatsIn finds every mention of floating-point numbers, and the calls that
// make them without a mention.
func floatsIn(s source) []string {
	var wrong []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			switch id.Name {
			case "float32", "float64", "ParseFloat", "Float64", "Float32", "SetFloat64", "FormatFloat", "AppendFloat":
				wrong = append(wrong, "has "+id.Name+" on the way of amounts")
			}
		}
		return true
	})
	return wrong
}

// checkSleep finds tests that wait for time. Under testing/synctest time is not
// real, and sleeping is how it passes.
func checkSleep(s source) []string {
	if !s.test || slices.Contains(s.imports, "testing/synctest") {
		return nil
	}
	var wrong []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
				wrong = append(wrong, "sleeps: wait for an event, or use testing/synctest")
			}
		}
		return true
	})
	return wrong
}

func checkLength(s source) []string {
	if s.lines > maxLines {
		return []string{fmt.Sprintf("has %d lines, more than %d: it is two files", s.lines, maxLines)}
	}
	return nil
}
