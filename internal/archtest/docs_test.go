package archtest

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/config"
)

var (
	link      = regexp.MustCompile(`\]\(([^)#:\s]+)\)`)
	code      = regexp.MustCompile("(?m)^```(\\w*)\n((?s:.*?))^```$|`([^`\n]+)`")
	file      = regexp.MustCompile(`^(?:\.ci|cmd|deploy|docs|internal|schemas|test|tools)/[\w./*-]+$`)
	testName  = regexp.MustCompile(`\bTest[A-Z]\w+`)
	metric    = regexp.MustCompile(`\bprocessor_([a-z_]+)`)
	target    = regexp.MustCompile(`\bmake (?:-s )?([a-z-]+)`)
	variable  = regexp.MustCompile(`\bPROCESSOR_[A-Z0-9_]+`)
	logged    = regexp.MustCompile("^\\| `([^|]+)` \\|")
	headOfLog = regexp.MustCompile(`^\| (?:message|the log says) \|`)
)

// pages are the documents, by path, with what they quote as code.
func pages(t *testing.T) map[string]page {
	t.Helper()
	found := map[string]page{}
	names := []string{"README.md", "CHANGELOG.md"}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md", "schemas/*/*.md"} {
		more, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, more...)
	}
	for _, name := range names {
		p := page{text: text(t, name)}
		for _, m := range code.FindAllStringSubmatch(p.text, -1) {
			switch {
			case m[3] != "":
				p.quoted = append(p.quoted, m[3])
			case m[1] == "yaml":
				p.yaml = append(p.yaml, m[2])
			default:
				p.quoted = append(p.quoted, strings.Split(strings.ReplaceAll(m[2], "\\\n", ""), "\n")...)
			}
		}
		found[name] = p
	}
	if len(found) < 10 {
		t.Fatalf("found %d pages; the root must be wrong", len(found))
	}
	return found
}

type page struct {
	text   string
	quoted []string // spans, and lines of blocks
	yaml   []string // blocks
}

func text(t *testing.T, name string) string {
	t.Helper()
	content, err := fs.ReadFile(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// sourceText is the text of all Go files below dir that are tests, or are none.
func sourceText(t *testing.T, dir string, tests bool) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(root, dir, func(name string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".go" && strings.HasSuffix(name, "_test.go") == tests {
			all.WriteString(text(t, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// What a page names exists (its command lines are cmd/processor's): files, tests, metrics and targets.
func TestWhatThePagesNameExists(t *testing.T) {
	t.Parallel()
	tests := sourceText(t, ".", true)
	metrics := sourceText(t, "internal/telemetry", false)
	makefile := "\n" + text(t, "Makefile")
	for name, p := range pages(t) {
		missing := func(kind, what string) {
			t.Helper()
			t.Errorf("%s: there is no %s %s", name, kind, what)
		}
		for _, m := range link.FindAllStringSubmatch(p.text, -1) {
			if _, err := fs.Stat(root, path.Join(path.Dir(name), m[1])); err != nil {
				missing("file", m[1])
			}
		}
		for _, quoted := range p.quoted {
			for word := range strings.FieldsSeq(quoted) {
				word = strings.TrimPrefix(word, "./")
				if !file.MatchString(word) {
					continue
				}
				if there, err := fs.Glob(root, strings.TrimSuffix(word, "/")); err != nil || len(there) == 0 {
					missing("file", word)
				}
			}
			for _, called := range testName.FindAllString(quoted, -1) {
				if !strings.Contains(tests, "\nfunc "+called+"(t *testing.T)") {
					missing("test", called)
				}
			}
			for _, m := range metric.FindAllStringSubmatch(quoted, -1) {
				if !strings.Contains(metrics, `("`+m[1]+`"`) {
					missing("metric", m[0])
				}
			}
			for _, m := range target.FindAllStringSubmatch(quoted, -1) {
				if !strings.Contains(makefile, "\n"+m[1]+":") {
					missing("target", m[1])
				}
			}
		}
	}
}

// Keys that a page names are keys, and its extracts of a configuration have no
// others.
func TestKeysOnThePagesAreKeys(t *testing.T) {
	t.Parallel()
	keys := config.Keys()
	sections, variables := map[string]bool{}, map[string]bool{config.OperatorVariable: true}
	for _, key := range keys {
		variables["PROCESSOR_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = true
		section, _, _ := strings.Cut(key, ".")
		sections[section] = true
	}
	named := regexp.MustCompile(`^(?:` + strings.Join(slices.Sorted(maps.Keys(sections)), "|") + `)(?:\.[a-z0-9_]+)+\b`)
	for name, p := range pages(t) {
		for _, quoted := range p.quoted {
			key := named.FindString(quoted)
			if key != "" && !slices.ContainsFunc(keys, func(k string) bool { return strings.HasPrefix(k+".", key+".") }) {
				t.Errorf("%s: there is no key %s", name, key)
			}
		}
		for _, named := range variable.FindAllString(p.text, -1) {
			if !variables[named] {
				t.Errorf("%s: there is no variable %s", name, named)
			}
		}
		for _, block := range p.yaml {
			if section, _, _ := strings.Cut(block, ":"); !sections[section] {
				continue
			}
			extract := filepath.Join(t.TempDir(), "extract.yaml")
			if err := os.WriteFile(extract, []byte(block), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := config.Load(extract, nil); err != nil && strings.Contains(err.Error(), "unknown key") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// What the pages say that the log says, the log can say.
func TestMessagesOnThePagesAreLogged(t *testing.T) {
	t.Parallel()
	sources := sourceText(t, "internal", false)
	tables := 0
	for name, p := range pages(t) {
		inTable := false
		for line := range strings.Lines(p.text) {
			if headOfLog.MatchString(line) {
				inTable = true
				tables++
			} else if !strings.HasPrefix(line, "|") {
				inTable = false
			}
			m := logged.FindStringSubmatch(line)
			if !inTable || m == nil {
				continue
			}
			for message := range strings.SplitSeq(m[1], "` / `") {
				if key, after, ok := strings.Cut(message, ": "); ok && strings.Contains(key, ".") {
					message = after
				}
				message = strings.ReplaceAll(message, "Read on topic", "…") // one permission for all
				for part := range strings.SplitSeq(message, "…") {
					if part = strings.TrimSpace(part); !strings.Contains(sources, part) {
						t.Errorf("%s: nothing logs %q", name, part)
					}
				}
			}
		}
	}
	if tables < 2 {
		t.Errorf("found %d tables of messages", tables)
	}
}
