package codec

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
)

// Every field of every command is masked, but for these.
func TestAMaskedCommandShowsWhatTellsOfNobody(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	seen := map[command.Name]string{
		command.CustomerCreate:         "existingFlowOnly flowReference notificationOnUpdate",
		command.CustomerUpdate:         "calculateLimit flowReference",
		command.CustomerComplete:       "approvedAgent courierSelected flowReference",
		command.DBSLimitQuery:          "companyCode dealerCode invoicesMonth",
		command.DBSInvoiceUpsert:       "amount blockage companyCode dealerCode dueDate entryType invoiceCurrency invoiceDate invoiceNumber maturity operation parametricCode paymentCurrency previousDueDate",
		command.DBSInvoiceResultsQuery: "companyCode fromDueDate toDueDate",
		command.LoanIncomeSubmit:       "applicationNumber campaignCode",
	}
	for _, name := range command.Names() {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("../../schemas/examples/" + string(name) + ".json")
			if err != nil {
				t.Fatal(err)
			}
			cmd, err := c.CommandFromJSON(name, text)
			if err != nil {
				t.Fatal(err)
			}
			whole, masked := fields(t, CommandJSON, cmd), fields(t, MaskedCommandJSON, cmd)
			want := append(strings.Fields(seen[name]), "commandId", "issuedAt", "expiresAt")
			for field, value := range whole {
				shown := cmp.Equal(masked[field], value)
				if allowed := slices.Contains(want, field); shown != allowed || !allowed && masked[field] != "***" {
					t.Errorf("%s is %v, masked %v; want it shown: %v", field, value, masked[field], allowed)
				}
			}
			if !slices.Equal(slices.Sorted(maps.Keys(whole)), slices.Sorted(maps.Keys(masked))) {
				t.Errorf("masking has lost or made fields: %v", masked)
			}
			if again, err := c.CommandFromJSON(name, marshal(t, CommandJSON, cmd)); err != nil || again.ID != cmd.ID {
				t.Errorf("want the whole of it to be a command again, got %v", err)
			}
		})
	}
}

func marshal(t *testing.T, f func(*command.Command) ([]byte, error), c *command.Command) []byte {
	t.Helper()
	text, err := f(c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func fields(t *testing.T, f func(*command.Command) ([]byte, error), c *command.Command) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(marshal(t, f, c), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAnIdentityNumberInTheWrongFieldIsMasked(t *testing.T) {
	t.Parallel()
	masked := fields(t, MaskedCommandJSON, &command.Command{
		ID:      "5b0c7a52-6a0f-4f0e-9d7c-0c6a5c9e1a04",
		Payload: &command.QueryLimit{CompanyCode: "10000000146", DealerCode: "0222"},
	})
	if masked["companyCode"] != "***" || masked["dealerCode"] != "0222" {
		t.Errorf("got %v", masked)
	}
}
