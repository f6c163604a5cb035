package deploy

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"bankprocessor/test/containers"
)

const (
	root  = "../.."
	tools = root + "/out/deploy" // of tools.sh
	chart = root + "/deploy/helm/bank-processor"
)

// object is a part of a YAML or JSON document.
type object = map[string]any

// tool is the path of a program that tools.sh builds.
func tool(t *testing.T, name string) string {
	t.Helper()
	return containers.NeedProgram(t, absolute(t, tools+"/bin/"+name))
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// written is a file of a directory that ends with the test.
func written(t *testing.T, name, content string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// ended is a program that has run.
type ended struct {
	out, err string
	code     int
}

// execute runs a program in the project's root to its end.
func execute(t *testing.T, in string, name string, args ...string) ended {
	t.Helper()
	var out, errs bytes.Buffer
	c := exec.CommandContext(t.Context(), name, args...)
	c.Dir, c.Stdin, c.Stdout, c.Stderr = root, strings.NewReader(in), &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("running %s: %v", name, err)
	}
	return ended{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// run is execute for what must end well; it returns the output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	e := execute(t, "", name, args...)
	if e.code != 0 {
		t.Fatalf("%s %s has ended with %d:\n%s%s", filepath.Base(name), strings.Join(args, " "), e.code, e.out, e.err)
	}
	return e.out
}

// documents are those of a YAML stream, empty ones left out.
func documents(t *testing.T, text string) (all []object) {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(text)); ; {
		var o object
		switch err := d.Decode(&o); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatalf("reading YAML: %v", err)
		case len(o) > 0:
			all = append(all, o)
		}
	}
}

// at is what stands below the keys and, for numbers, the elements; nil for nothing.
func at(o any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := o.(object)
			o = m[step]
		case int:
			list, _ := o.([]any)
			if step >= len(list) {
				return nil
			}
			o = list[step]
		}
	}
	return o
}

// number is a whole number of a document, -1 where there is none.
func number(o any) int {
	switch n := o.(type) {
	case int:
		return n
	case int64:
		return int(n)
	case uint64:
		return int(n)
	}
	return -1
}
