package archtest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

var root = os.DirFS("../..")

func TestTheHouseKeepsItsRules(t *testing.T) {
	t.Parallel()
	sources, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) < 50 {
		t.Fatalf("found %d files; the root must be wrong", len(sources))
	}
	for _, wrong := range check(sources) {
		t.Error(wrong)
	}
}

// planted returns what check says of one file.
func planted(t *testing.T, path, text string) []string {
	t.Helper()
	s, err := parse(path, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return check([]source{s})
}

func importing(imported string) string {
	if strings.HasPrefix(imported, "internal/") || imported == "schemas" {
		imported = module + "/" + imported
	}
	return fmt.Sprintf("package p\nimport _ %q\n", imported)
}

// dir turns a pattern into a directory that it matches.
func dir(pattern string) string { return strings.ReplaceAll(pattern, "...", "x") }

func TestEveryRoomRuleFires(t *testing.T) {
	t.Parallel()
	for _, r := range rooms {
		file := dir(r.path) + "/planted.go"
		for _, never := range r.never {
			for _, imported := range []string{strings.TrimSuffix(never, "/..."), dir(never)} {
				if len(planted(t, file, importing(imported))) == 0 {
					t.Errorf("%s may import %s", r.path, imported)
				}
			}
		}
		if len(r.may) == 1 && r.may[0] == "..." {
			continue
		}
		for _, foreign := range []string{"internal/app", "internal/nowhere"} {
			if len(planted(t, file, importing(foreign))) == 0 {
				t.Errorf("%s may import %s", r.path, foreign)
			}
		}
		for _, may := range r.may {
			if wrong := planted(t, file, importing(dir(may))); len(wrong) > 0 {
				t.Errorf("%s may not import %s: %v", r.path, may, wrong)
			}
		}
	}
}

func TestEveryOwnerRuleFires(t *testing.T) {
	t.Parallel()
	for _, o := range owners {
		text := importing(dir(o.imports))
		if len(planted(t, "internal/nowhere/planted.go", text)) < 2 { // it has no row either
			t.Errorf("anybody may import %s", o.imports)
		}
		if got := len(planted(t, "internal/nowhere/planted_test.go", text)) == 0; got != o.inTests {
			t.Errorf("tests may import %s: %t, want %t", o.imports, got, o.inTests)
		}
		for _, in := range o.in {
			if wrong := planted(t, dir(in)+"/planted_test.go", text); len(wrong) > 0 {
				t.Errorf("%s may not import %s: %v", in, o.imports, wrong)
			}
		}
	}
}

func TestEveryOtherRuleFires(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, path, text, want string }{
		{"package without a row", "internal/nowhere/a.go", "package p", "no row"},
		{"module in a standard-library room", "internal/command/a.go", importing("github.com/google/uuid"), "not the standard library's"},
		{"float type", "internal/command/a.go", "package p\nvar amount float64", "float64"},
		{"float conversion", "internal/codec/a.go", "package p\nfunc f(x int) any { return float32(x) }", "float32"},
		{"float parsing", "internal/bankapi/interapi/a.go", "package p\nvar x, _ = strconv.ParseFloat(s, 64)", "ParseFloat"},
		{"float of a rational", "internal/bankapi/wire/a.go", "package p\nvar x, _ = r.Float64()", "Float64"},
		{"sleep", "internal/kafka/a_test.go", "package p\nfunc f() { time.Sleep(1) }", "sleeps"},
		{"length", "internal/kafka/a.go", "package p\n" + strings.Repeat("\n", maxLines), "451 lines"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wrong := planted(t, tt.path, tt.text)
			if len(wrong) != 1 || !strings.Contains(wrong[0], tt.want) || !strings.HasPrefix(wrong[0], tt.path+": ") {
				t.Errorf("want one violation with %q, got %q", tt.want, wrong)
			}
		})
	}
}

func TestWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for path, text := range map[string]string{
		"internal/bankapi/group_config.go": "package p\nvar Rate float64",
		"internal/command/a_test.go":       "package p\nimport _ \"pgregory.net/rapid\"\nvar x float64",
		"internal/kafka/a_test.go":         "package p\nimport _ \"testing/synctest\"\nfunc f() { time.Sleep(1) }",
		"internal/kafka/a.go":              "package p" + strings.Repeat("\n", maxLines),
	} {
		if wrong := planted(t, path, text); len(wrong) > 0 {
			t.Errorf("%v", wrong)
		}
	}
}

func TestFloatExceptionsAreNeeded(t *testing.T) {
	t.Parallel()
	sources, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{}
	for _, s := range sources {
		needed[s.path] = len(floatsIn(s)) > 0
	}
	for path := range floats {
		if !needed[path] {
			t.Errorf("%s is excepted but has no floats", path)
		}
	}
}
