package settings

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bankprocessor/internal/config"
)

func TestEverySecuritySettingHasItsTests(t *testing.T) {
	t.Parallel()
	keys, rows := config.Keys(), Rows()
	for _, key := range keys {
		row, listed := rows[key]
		switch secures := IsSecurity(key); {
		case secures && (len(row.Wrong) == 0 || len(row.Right) == 0):
			t.Errorf("%s lacks tests: give it a row in test/settings, or list it as plain", key)
		case !secures && listed:
			t.Errorf("%s is listed as plain and has a row", key)
		}
	}
	exists := map[string]bool{}
	for key, row := range rows {
		if !slices.Contains(keys, key) {
			t.Errorf("%s is no key", key)
		}
		for _, name := range slices.Concat(row.Wrong, row.Right) {
			if _, looked := exists[name]; !looked {
				exists[name] = isTest(t, name)
			}
			if !exists[name] {
				t.Errorf("%s: there is no test %s", key, name)
			}
		}
	}
}

// isTest looks for the test's function in the sources.
func isTest(t *testing.T, name string) bool {
	t.Helper()
	dir, test, _ := strings.Cut(name, ".")
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(syntax.Decls, func(d ast.Decl) bool {
			f, ok := d.(*ast.FuncDecl)
			return ok && f.Recv == nil && f.Name.Name == test
		}) {
			return true
		}
	}
	return false
}

// What is plain must be so for a key that exists: a list of what once was hides
// what comes.
func TestPlainKeysExist(t *testing.T) {
	t.Parallel()
	for _, p := range plain {
		if !slices.ContainsFunc(config.Keys(), func(key string) bool {
			return slices.ContainsFunc([]string{"interapi", "loanapi"}, func(bank string) bool {
				p := strings.Replace(p, "*", bank, 1)
				return key == p || strings.HasSuffix(p, ".") && strings.HasPrefix(key, p)
			})
		}) {
			t.Errorf("%s is no key", p)
		}
	}
}

func TestWhatIsNewIsSecurity(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"kafka.tls.new": true, "banks.loanapi.new": true, "new.section": true, "kafka.client_id": false, "intake.new": false,
	} {
		if IsSecurity(key) != want {
			t.Errorf("%s: want %t", key, want)
		}
	}
}
