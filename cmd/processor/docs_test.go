package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeOfPage  = regexp.MustCompile("(?s)```sh\n.*?```|`[^`\n]+`")
	commandLine = regexp.MustCompile("(?m)(?:^|[` (/])processor ((?:[a-z]+(?: +|`|$))+)([^`\n#]*)")
	longFlag    = regexp.MustCompile(`(?:^| )--([a-z-]+)`)
)

// Every command line on a page is one that the processor has, flags included.
func TestDocumentedCommandLinesExist(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, "../../README.md") {
		content := strings.Join(codeOfPage.FindAllString(text(t, page), -1), "\n")
		content = strings.ReplaceAll(content, "\\\n", "")
		for _, line := range commandLine.FindAllStringSubmatch(content, -1) {
			words := strings.Fields(strings.TrimSuffix(line[1], "`"))
			command, rest, err := rootCommand(terminal{}).Find(words)
			if err != nil || command.HasSubCommands() && len(rest) > 0 {
				t.Errorf("%s: there is no processor %s", page, strings.Join(words, " "))
				continue
			}
			found++
			for _, flag := range longFlag.FindAllStringSubmatch(line[2], -1) {
				if flag[1] != "help" && command.Flags().Lookup(flag[1]) == nil {
					t.Errorf("%s: %s has no --%s", page, command.CommandPath(), flag[1])
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("found %d command lines", found)
	}
}
