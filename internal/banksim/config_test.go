package banksim

import (
	"strings"
	"testing"
	"time"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	if err := (Config{}).WithDefaults().Validate(); err != nil {
		t.Errorf("the defaults are wrong: %v", err)
	}
	mine := Config{AppKey: "mine", MaxRangeDays: 3, Rates: map[string]Money{"USD": 1}, World: World{Companies: []Company{{Code: "X"}}}}
	if got := mine.WithDefaults(); got.AppKey != "mine" || got.MaxRangeDays != 3 || len(got.World.Dealers) != 0 || got.Rates[try] != Units(1) {
		t.Errorf("defaults overrule: %+v", got)
	}
	if len(mine.Rates) != 1 {
		t.Error("the caller's map was changed")
	}
}

func TestValidateSaysAllAtOnce(t *testing.T) {
	t.Parallel()
	c := Config{
		AutoDealer: AutoDealer{Pattern: "("}, PathPrefix: "x", Paths: map[string]string{"Nothing": "y", MethodInvoice: "/_sim/x"},
		LimitSuccessCode: "1", TokenLifetime: time.Millisecond, MaxRangeDays: -1, JournalCapacity: -1, MaxBody: -1, SecretTries: -1,
		Loan: LoanProduct{Description: "x"}, Rates: map[string]Money{"USD": -1}, Latency: Latency{Fixed: -1},
		World: World{
			Companies: []Company{{Code: "A", Currencies: []string{"XXX"}}, {Code: "A"}, {}},
			Dealers:   []Dealer{{Company: "B", Code: "1"}, {Company: "A"}, {Company: "A", Code: "2", FailWith: "1"}},
		},
	}
	err := c.WithDefaults().Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"auto dealer pattern", "path prefix", `"Nothing"`, "must begin with /", "control API", "limit success", "token lifetime",
		"max range days", "journal capacity", "max body", "secret tries", "loan needs", "rate of USD", "no rate for XXX",
		"stands twice", "no code", `no company "B"`, "a company and a code", "failWith", "latency",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing about %q in %v", want, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("New took it")
		}
	}()
	New(c)
}

func TestAutoDealers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		auto  AutoDealer
		code  string
		found bool
	}{{AutoDealer{}, "77", true}, {AutoDealer{}, "X7", false}, {AutoDealer{Pattern: "^X"}, "X7", true}, {AutoDealer{Pattern: "none"}, "77", false}, {AutoDealer{Pattern: "."}, "", false}} {
		cfg := Config{AutoDealer: tt.auto}.WithDefaults()
		l := newLedger(&cfg, newLedgerWriter(cfg.Clock))
		if got := l.dealer(nil, "SOLEN", tt.code); (got != nil) != tt.found || (got != nil && got.Limit != Units(1_000_000_000)) {
			t.Errorf("%+v %q: %+v", tt.auto, tt.code, got)
		}
	}
}
