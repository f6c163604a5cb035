package interapi

import (
	"flag"
	"testing"

	"bankprocessor/test/pages"
	"bankprocessor/test/pages/verdicts"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/reference/codes.md")

func TestCodesReference(t *testing.T) {
	t.Parallel()
	const page, by = "../../../docs/reference/codes.md", "go test ./internal/bankapi/interapi -run TestCodesReference -update"
	pages.Hold(t, page, "invoices", by, verdicts.Table(t, invoiceTable), *update)
	pages.Hold(t, page, "limits", by, verdicts.Table(t, limitTable), *update)
	pages.Hold(t, page, "results", by, verdicts.Table(t, resultsTable), *update)
}
