package loanapi

import (
	"flag"
	"testing"

	"bankprocessor/internal/command"
	"bankprocessor/test/pages"
	"bankprocessor/test/pages/verdicts"
)

var update = flag.Bool("update", false, "rewrite the generated part of docs/reference/codes.md")

func TestCodesReference(t *testing.T) {
	t.Parallel()
	table := map[string]command.Verdict{}
	for code := range rows {
		table[code], _ = verdictOfCode(code)
	}
	table["another ACBH"], _ = verdictOfCode("ACBH")
	table["any other"], _ = verdictOfCode("")
	pages.Hold(t, "../../../docs/reference/codes.md", "loans", "go test ./internal/bankapi/loanapi -run TestCodesReference -update",
		verdicts.Table(t, table), *update)
}
