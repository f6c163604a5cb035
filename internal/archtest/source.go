package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// source is one Go file of the module.
type source struct {
	path    string // relative to the module, with slashes
	test    bool
	lines   int
	imports []string // of this module's packages, relative to it
	syntax  *ast.File
}

func (s source) room() string { return path.Dir(s.path) }

// parse reads one file.
func parse(name string, text []byte) (source, error) {
	syntax, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		return source{}, fmt.Errorf("parsing source: %w", err)
	}
	s := source{
		path: name, test: strings.HasSuffix(name, "_test.go"),
		lines: bytes.Count(text, []byte("\n")), syntax: syntax,
	}
	for _, i := range syntax.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return source{}, fmt.Errorf("parsing source %s: %w", name, err)
		}
		s.imports = append(s.imports, strings.TrimPrefix(imported, module+"/"))
	}
	return s, nil
}

// load reads every Go file of the module whose root is given.
func load(root fs.FS) ([]source, error) {
	var all []source
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipForeign(root, name)
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		s, err := parse(name, text)
		all = append(all, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("loading sources: %w", err)
	}
	return all, nil
}

// skipForeign leaves out what the go tool leaves out too, and other modules.
func skipForeign(root fs.FS, name string) error {
	base := path.Base(name)
	switch {
	case name == ".":
		return nil
	case strings.HasPrefix(base, "."), strings.HasPrefix(base, "_"), base == "testdata":
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

// matches says whether an import path is the pattern, or in the tree that a
// pattern ending in "/..." stands for, its root included.
func matches(pattern, imported string) bool {
	if pattern == "..." {
		return true
	}
	tree, isTree := strings.CutSuffix(pattern, "/...")
	return imported == tree || isTree && strings.HasPrefix(imported, tree+"/")
}

func matchesAny(patterns []string, imported string) bool {
	for _, p := range patterns {
		if matches(p, imported) {
			return true
		}
	}
	return false
}
