package command_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"bankprocessor/internal/command"
)

// A constant that the table lacks would be a code without documentation.
func TestEveryCodeConstantIsInTheTable(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("code*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != "Code" {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if found++; !command.Known(command.Code(value)) {
				t.Errorf("%s = %q is not in the table", spec.Names[0].Name, value)
			}
			return true
		})
	}
	if found != len(command.Codes()) {
		t.Errorf("%d constants, %d rows", found, len(command.Codes()))
	}
}
