package codec

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/command"
)

func someOutcome() *command.Outcome {
	limit := command.NewDecimal(123456, 2)
	return &command.Outcome{
		CommandID: someID, CorrelationID: "c", Command: command.DBSInvoiceUpsert, Status: command.Rejected,
		Code: command.CodeDealerLimitExceeded, Category: command.CategoryBusiness, Bank: command.BankInterAPI,
		BankCode: "129", BankState: new(int32(0)), Attempts: 1, Revision: 1,
		ReceivedAt: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), CompletedAt: time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC),
		Result: &command.InvoiceRecorded{ReferenceNumber: 9007199254740993, AvailableLimit: &limit},
	}
}

func TestOutcomeJSON(t *testing.T) {
	t.Parallel()
	got, err := OutcomeJSON(someOutcome())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"commandId":"0b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10","correlationId":"c","command":"dbs.invoice.upsert",` +
		`"status":"REJECTED","code":"dbs.dealer.limit_exceeded","category":"business","bank":"interapi","bankCode":"129",` +
		`"bankState":0,"attempts":1,"reconciled":false,"reconciledWeak":false,"revision":1,` +
		`"receivedAt":"2026-01-02T03:04:05.006Z","completedAt":"2026-01-02T03:04:06Z","violations":[],` +
		`"payload":{"referenceNumber":9007199254740993,"availableLimit":"1234.56","paid":false}}`
	if string(got) != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestOutcomesThatAreNone(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for want, change := range map[string]func(*command.Outcome){
		"not a command's":            func(o *command.Outcome) { o.Command = "no.such" },
		"the payload is of customer": func(o *command.Outcome) { o.Result = &command.CustomerCreated{} },
		"completedAt":                func(o *command.Outcome) { o.CompletedAt = time.Time{} },
		"attempts":                   func(o *command.Outcome) { o.Attempts = math.MaxInt32 + 1 },
	} {
		o := someOutcome()
		change(o)
		if _, err := c.EncodeOutcome(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %q", err, want)
		}
	}
}

func TestUnreadableOutcomes(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	whole, err := c.EncodeOutcome(someOutcome())
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty": nil, "json": []byte("{}"), "cut": whole[:len(whole)-1], "header only": whole[:10],
		"longer":                 append(append([]byte{}, whole...), 0),
		"no id":                  []byte(strings.Replace(string(whole), someID, strings.Repeat("x", 36), 1)),
		"another command inside": []byte(strings.Replace(string(whole), "dbs.invoice.upsert", "dbs.invoice.UPSERT", 1)),
	} {
		if _, err := c.DecodeOutcome(context.Background(), command.DBSInvoiceUpsert, b); refused(t, err).Reason == "" {
			t.Errorf("%s: no reason", name)
		}
	}
	if _, err := c.DecodeOutcome(context.Background(), command.CustomerCreate, whole); refused(t, err).Code != command.CodeCommandSchemaMismatch {
		t.Error("the outcome of another command is read")
	}
}

// Whatever number a bank sends, the outcome that carries it can be published.
func TestEveryDecimalFitsAResult(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{})
	for _, coef := range []int64{math.MaxInt64, math.MinInt64, 1, 0, -1} {
		for scale := range uint8(command.MaxDecimalScale + 1) {
			d := command.NewDecimal(coef, scale)
			o := someOutcome()
			o.Result = &command.InvoiceRecorded{AvailableLimit: &d}
			b, err := c.EncodeOutcome(o)
			if err != nil {
				t.Fatalf("%s: %v", d, err)
			}
			back, err := c.DecodeOutcome(context.Background(), o.Command, b)
			if err != nil || !back.Result.(*command.InvoiceRecorded).AvailableLimit.Equal(d) {
				t.Errorf("%s does not come back: %v", d, err)
			}
		}
	}
}

// A result never holds an identity number, a phone number, an e-mail address or
// an address (contract section 11.10).
func TestResultsHaveNoFieldForWhoAPersonIs(t *testing.T) {
	t.Parallel()
	for topic, avro := range setup(t, Options{}).catalog.current {
		if !strings.HasSuffix(topic, ".result") {
			continue
		}
		for _, path := range declared(avro.schema, "") {
			for _, word := range []string{"citizenship", "identity", "phone", "mail", "address", "tckn", "salary", "income"} {
				if strings.Contains(strings.ToLower(path), word) {
					t.Errorf("%s has the field %s", topic, path)
				}
			}
		}
	}
}

func TestEventID(t *testing.T) {
	t.Parallel()
	first := EventID(someID, 1)
	id, err := uuid.Parse(first)
	if err != nil || id.Version() != 5 || id.Variant() != uuid.RFC4122 {
		t.Errorf("%s is no UUID of version 5: %v", first, err)
	}
	if EventID(someID, 1) != first {
		t.Error("the same event has two ids")
	}
	if EventID(someID, 2) == first || EventID("1b7d9c0e-5f0a-5d7e-8a53-6f2f6c1f7a10", 1) == first {
		t.Error("two events have one id")
	}
	for _, revision := range []int32{0, 1, -1, math.MaxInt32, math.MinInt32} {
		for _, of := range []string{"", someID, strings.Repeat("x", 99)} {
			want := uuid.NewSHA1(eventSpace, []byte(of+"/"+strconv.Itoa(int(revision)))).String()
			if got := EventID(of, revision); got != want {
				t.Errorf("the event of %q, %d is %s, want %s", of, revision, got, want)
			}
		}
	}
	if first != "295cc1bb-2ac9-5917-814a-f0bff2f70ce5" {
		t.Errorf("the id of a known event changed to %s: subscribers would take a repeated event for a new one", first)
	}
}

type brokenFramer struct{ error }

func (f brokenFramer) Header(string, uint64) ([]byte, error) { return nil, f.error }

type tagFramer struct{}

func (tagFramer) Header(topic string, _ uint64) ([]byte, error) { return []byte(topic + "|"), nil }

func TestTheFramerIsASeam(t *testing.T) {
	t.Parallel()
	cause := errors.New("no id for the schema yet")
	if _, err := setup(t, Options{Framer: brokenFramer{cause}}).EncodeOutcome(someOutcome()); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	framed, err := setup(t, Options{Framer: tagFramer{}}).EncodeOutcome(someOutcome())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := setup(t, Options{}).EncodeOutcome(someOutcome())
	if err != nil {
		t.Fatal(err)
	}
	if want := "dbs.invoice.upsert.result|" + string(plain[singleHeader:]); string(framed) != want {
		t.Error("another frame changes the datum")
	}
}

func TestEveryEventIsJSON(t *testing.T) {
	t.Parallel()
	for _, name := range command.Names() {
		o := &command.Outcome{Command: name, Result: newResult(name)}
		b, err := OutcomeJSON(o)
		if err != nil || !json.Valid(b) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
		if got := reflect.TypeOf(newPayload(name)); newPayload(name).Name() != name {
			t.Errorf("%s has the payload %v", name, got)
		}
	}
}
