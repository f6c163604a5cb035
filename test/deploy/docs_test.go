package deploy

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"bankprocessor/test/containers"
)

const page = root + "/docs/deployment.md"

var (
	block     = regexp.MustCompile("(?ms)^```(sh|yaml)\n(.*?)^```$")
	longFlags = regexp.MustCompile(`(?:^| )(--[a-z-]+)`)
)

// blocks are the page's, of one language.
func blocks(t *testing.T, language string) (all []string) {
	t.Helper()
	for _, m := range block.FindAllStringSubmatch(read(t, page), -1) {
		if m[1] == language {
			all = append(all, m[2])
		}
	}
	if len(all) < 3 {
		t.Fatalf("the page has %d blocks of %s", len(all), language)
	}
	return all
}

// The values on the page are values: with the least that a release needs, each renders
// what Kubernetes takes.
func TestTheValuesOnThePageRender(t *testing.T) {
	t.Parallel()
	for i, text := range blocks(t, "yaml") {
		var given object
		if err := yaml.Unmarshal([]byte(text), &given); err != nil {
			t.Fatal(err)
		}
		args := values(t, written(t, "page.yaml", text))
		if i > 0 { // the first one is all that a release needs
			args = append(values(t, minimal), args...)
		}
		e := template(t, newest, args...)
		if e.code != 0 {
			t.Errorf("%v: %s", slices.Sorted(maps.Keys(given)), e.err)
			continue
		}
		if c := conform(t, newest, e.out); c.code != 0 {
			t.Errorf("%v: %s", slices.Sorted(maps.Keys(given)), c.out)
		}
	}
}

// Each command on the page is one that its program has, with these flags, on files that
// there are.
func TestTheCommandsOnThePageExist(t *testing.T) {
	t.Parallel()
	helm, compose := tool(t, "helm"), containers.NeedProgram(t, "docker-compose")
	seen := map[string]int{}
	for _, text := range blocks(t, "sh") {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			words := strings.Fields(line)
			var help ended
			switch words[0] {
			case "helm":
				help = execute(t, "", helm, words[1], "--help")
			case "docker":
				if words[1] == "run" {
					help = execute(t, "", containers.NeedProgram(t, "docker"), "run", "--help")
					break
				}
				if words[2] != "-f" || words[3] != "deploy/compose/compose.yaml" {
					t.Errorf("%s: of which file?", line)
				}
				help = execute(t, "", compose, words[4], "--help")
				// What follows is the processor's, which other tests look at.
				line, _, _ = strings.Cut(line, " /processor ")
			default:
				seen["others"]++
				continue
			}
			seen[words[0]]++
			for _, flag := range longFlags.FindAllStringSubmatch(line, -1) {
				if !strings.Contains(help.out+help.err, flag[1]) {
					t.Errorf("%s: there is no %s", line, flag[1])
				}
			}
			for _, word := range words {
				if _, err := os.Stat(root + "/" + word); strings.HasPrefix(word, "deploy/") && err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		}
	}
	if seen["helm"] < 4 || seen["docker"] < 4 {
		t.Errorf("found %v", seen)
	}
}

// What the page says of the package's files, and of what is left alone, is what the
// package has.
func TestThePageNamesThePackagesFiles(t *testing.T) {
	t.Parallel()
	text, release := read(t, page), read(t, root+"/.goreleaser.yaml")
	for _, file := range []string{"/etc/bank-processor/processor.yaml", "/etc/bank-processor/secrets", "/etc/default/bank-processor", "/usr/share/bank-processor/prometheus/"} {
		if !strings.Contains(text, "`"+file) || !strings.Contains(release, "dst: "+file) {
			t.Errorf("%s is not on the page, or not in the package", file)
		}
	}
}
