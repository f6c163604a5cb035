package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeOfPage  = regexp.MustCompile("(?s)```[a-z]*\n.*?```|`[^`\n]+`")
	commandLine = regexp.MustCompile("(?m)(?:^|[` (/])processor ((?:[a-z]+(?: +|`|$))+)([^`\n#]*)")
	longFlag    = regexp.MustCompile(`(?:^| )--([a-z-]+)`)
	shortFlag   = regexp.MustCompile(`(?:^| )-([a-zA-Z])\b`)
)

// Every command line on a page is one that the processor has, flags included.
func TestDocumentedCommandLinesExist(t *testing.T) {
	t.Parallel()
	pages := []string{"../../README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../docs/*/*.md", "../../deploy/*.md", "../../deploy/*/*.md", "../../schemas/*/*.md"} {
		more, err := filepath.Glob(pattern)
		must(t, err)
		pages = append(pages, more...)
	}
	found := 0
	for _, page := range pages {
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
			ours, _, _ := strings.Cut(line[2], " | ") // what follows a pipe is somebody else's
			for _, flag := range shortFlag.FindAllStringSubmatch(ours, -1) {
				if flag[1] != "h" && command.Flags().ShorthandLookup(flag[1]) == nil {
					t.Errorf("%s: %s has no -%s", page, command.CommandPath(), flag[1])
				}
			}
			for _, flag := range longFlag.FindAllStringSubmatch(ours, -1) {
				if flag[1] != "help" && command.Flags().Lookup(flag[1]) == nil {
					t.Errorf("%s: %s has no --%s", page, command.CommandPath(), flag[1])
				}
			}
		}
	}
	if found < 80 {
		t.Errorf("found %d command lines", found)
	}
}
