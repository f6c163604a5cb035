package command

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"

	"bankprocessor/test/pages"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/reference/codes.md")

// The page lists what events and dead letters are labelled with, as the source does.
func TestCodesReference(t *testing.T) {
	t.Parallel()
	ours, theirs := constants(t, "."), constants(t, "../producers")
	for part, want := range map[string]string{
		"statuses":   valuesAsMarkdown(t, "status", ours.typed["Status"]),
		"categories": valuesAsMarkdown(t, "category", ours.typed["Category"]),
		"codes":      codesAsMarkdown(),
		"reasons":    valuesAsMarkdown(t, "reason", ours.typed["DeadLetterReason"]),
		"headers":    eventHeadersAsMarkdown(t, ours),
		"replays":    valuesAsMarkdown(t, "header", ours.named("HeaderReplay")),
		"letters":    valuesAsMarkdown(t, "header", theirs.named("Header")),
	} {
		pages.Hold(t, "../../docs/reference/codes.md", part, "go test ./internal/command -run TestCodesReference -update", want, *update)
	}
}

func codesAsMarkdown() string {
	var b strings.Builder
	b.WriteString("\n| code | category | seen with | meaning |\n| --- | --- | --- | --- |\n")
	for _, c := range Codes() {
		statuses := make([]string, len(c.Statuses))
		for i, s := range c.Statuses {
			statuses[i] = "`" + string(s) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Code, c.Category, strings.Join(statuses, " "), c.Meaning)
	}
	b.WriteString("\n")
	return b.String()
}

// constant is a text constant and what its comment says of it.
type constant struct{ name, value, words string }

// declared are the text constants of a package, in the order of its files.
type declared struct {
	all   []constant
	typed map[string][]constant // by their type
}

func (d declared) named(prefix string) []constant {
	var some []constant
	for _, c := range d.all {
		if strings.HasPrefix(c.name, prefix) {
			some = append(some, c)
		}
	}
	return some
}

// constants reads the files of a package, without its tests.
func constants(t *testing.T, dir string) declared {
	t.Helper()
	d := declared{typed: map[string][]constant{}}
	files, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, decl := range parse(t, dir+"/"+name).Decls {
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.CONST {
				d.take(g)
			}
		}
	}
	return d
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func (d *declared) take(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		s := spec.(*ast.ValueSpec)
		if len(s.Values) != 1 {
			continue
		}
		literal, ok := s.Values[0].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		value, _ := strconv.Unquote(literal.Value)
		words := strings.Join(strings.Fields(s.Doc.Text()+s.Comment.Text()), " ")
		if rest, named := strings.CutPrefix(words, s.Names[0].Name+" "); named { // "HeaderX holds ..."
			_, words, _ = strings.Cut(rest, " ")
		}
		c := constant{s.Names[0].Name, value, strings.TrimSuffix(words, ".")}
		d.all = append(d.all, c)
		if of, ok := s.Type.(*ast.Ident); ok {
			d.typed[of.Name] = append(d.typed[of.Name], c)
		}
	}
}

func valuesAsMarkdown(t *testing.T, head string, all []constant) string {
	t.Helper()
	if len(all) < 3 {
		t.Errorf("found %d of %s", len(all), head)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n| %s | |\n| --- | --- |\n", head)
	for _, c := range all {
		if c.words == "" {
			t.Errorf("%s has no comment that says what it is", c.name)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.value, strings.ReplaceAll(c.words, "|", `\|`))
	}
	return b.String() + "\n"
}

// wellKnown are the headers of an event that are others' to define: CloudEvents'
// binding for Kafka, and W3C's trace context.
var wellKnown = map[string]string{
	"ce_specversion": "`1.0`",
	"ce_id":          "the event's id, derived from command id and revision: a duplicate on the wire has the same one",
	"ce_type":        "`bank.<command>.result.v1`",
	"ce_source":      "the processor that has published it",
	"ce_time":        "when the command was completed, RFC 3339",
	"content-type":   "`application/avro`",
	"ce_status":      "the status, to route by without decoding",
	"ce_code":        "the code, to route by without decoding",
	"traceparent":    "the trace that the command came with, or that the processor began (W3C)",
	"tracestate":     "the publisher's own, as it came (W3C)",
}

// eventHeadersAsMarkdown finds the headers where they are put on a record.
func eventHeadersAsMarkdown(t *testing.T, ours declared) string {
	t.Helper()
	byName := map[string]constant{}
	for _, c := range ours.named("Header") {
		byName[c.name] = c
	}
	var found []constant
	seen := map[string]bool{}
	for _, file := range []string{"event.go", "trace.go"} {
		ast.Inspect(parse(t, "../producers/"+file), func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok || fmt.Sprint(pair.Key) != "Key" {
				return true
			}
			c := constant{}
			switch name := pair.Value.(type) {
			case *ast.BasicLit:
				c.value, _ = strconv.Unquote(name.Value)
				c.name, c.words = c.value, wellKnown[c.value]
			case *ast.SelectorExpr:
				c = byName[name.Sel.Name]
			}
			if c.value == "" {
				t.Errorf("%s: a header whose name is neither a literal nor a constant of command", file)
			} else if !seen[c.value] {
				seen[c.value] = true
				found = append(found, c)
			}
			return true
		})
	}
	for name := range wellKnown {
		if !seen[name] {
			t.Errorf("no event has the header %s", name)
		}
	}
	return valuesAsMarkdown(t, "header", found)
}
