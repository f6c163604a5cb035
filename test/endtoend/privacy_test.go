package endtoend

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"bankprocessor/internal/app"
	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/banksim"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/sandbox"
	"bankprocessor/internal/telemetry"
	"bankprocessor/internal/topics"
	"bankprocessor/test/capture"
)

// Commands of all seven kinds go good and bad ways, each personal field with a
// value that occurs nowhere else. None of the values may come out in a log, a
// metric, a page, a header or a key, and the strict ones in no result either.
func TestNoPersonalDataComesOut(t *testing.T) {
	t.Parallel()
	p := openPrivacy(t)
	p.goodWays()
	p.localRefusals()
	p.unreadableCommands()
	p.bankRefusals()
	p.lies()
	p.lostAnswers()
	p.unaskedAnswer()
	p.search()
}

// privacy is a world with canaries in it.
type privacy struct {
	*world
	cage
	a        *app.App
	standard *capture.Text // the standard logger's output
	flows    int           // and loan applications
	usual    map[command.Name]map[string]any
}

func openPrivacy(t *testing.T) *privacy {
	t.Helper()
	p := &privacy{standard: &capture.Text{}, usual: map[command.Name]map[string]any{}}
	bank := banksim.DefaultWorld()
	for i := range bank.Dealers {
		bank.Dealers[i].Name = p.text("dealer name")
	}
	p.world = openWorld(t, sandbox.Options{
		Topics: topics.Config{Partitions: 2},
		Bank:   banksim.Config{World: bank, Loan: banksim.LoanProduct{Description: p.text("product"), Principal: 5432109, Months: 11, MonthlyRate: 419}},
	})
	before, flags := log.Writer(), log.Flags()
	telemetry.WithholdStandardLog(p.standard)
	t.Cleanup(func() { log.SetOutput(before); log.SetFlags(flags) })
	p.watch()
	// The bank fails so often here that a breaker would make the test wait.
	steady := func(groups ...*bankapi.GroupConfig) {
		for _, g := range groups {
			g.ConsecutiveFailures, g.MinCalls = 1000, 1000
			g.PauseInitial, g.Delay = 20*time.Millisecond, 20*time.Millisecond
		}
	}
	p.a = p.processor(func(c *config.Config) {
		c.Processing.BackoffInitial = time.Millisecond
		c.Processing.Settle = []time.Duration{time.Millisecond, 2 * time.Millisecond}
		inter, loan := &c.Banks.InterAPI, &c.Banks.LoanAPI
		steady(&inter.Customer, &inter.DBSWrite, &inter.DBSRead, &loan.Loan, &loan.TokenCalls)
	})
	for _, s := range []string{banksim.DefaultAppKey, banksim.DefaultSubscriptionKey, banksim.DefaultClientSecret} {
		p.add("secret", s, true)
	}
	return p
}

// The commands, each with fresh canaries.

func (p *privacy) create() map[string]any {
	p.flows++
	return map[string]any{
		"flowReference": fmt.Sprint("flow-p-", p.flows), "correlationId": p.text("correlation"),
		"phoneNumber": p.phone(), "citizenshipNumber": p.identity(), "email": p.email(),
		"fatca": false, "usCustomer": false, "kvkkApproved": true,
	}
}

func (p *privacy) update() map[string]any {
	coded := func(what string) map[string]any { return map[string]any{"name": p.text(what), "code": 77} }
	address := func() map[string]any {
		a := map[string]any{}
		for _, part := range []string{
			"type", "typeCode", "country", "countryCode", "city", "cityCode", "town", "townCode",
			"district", "districtCode", "districtType", "street", "streetCode", "addressDetail",
		} {
			a[part] = p.address(part)
		}
		return a
	}
	return map[string]any{
		"flowReference": fmt.Sprint("flow-p-", p.flows), "customerNumber": p.number("customer number"), "processId": p.number("process number"),
		"citizenshipNumber": p.identity(), "education": coded("education"), "companyName": p.text("employer"), "salary": p.amount("salary"),
		"workingStatus": coded("working status"), "jobTitle": coded("job"), "homeStatus": coded("home status"), "workAreaCode": 0,
		"jobAddress": address(), "homeAddress": address(), "contactAddress": address(),
		"branchId": "9860", "selectedAddress": "Contact", "calculateLimit": false,
	}
}

func (p *privacy) complete() map[string]any {
	return map[string]any{
		"flowReference": fmt.Sprint("flow-p-", p.flows), "customerNumber": p.number("customer number"), "processId": p.number("process number"),
		"email": p.email(), "phoneNumber": p.phone(), "approvedAgent": true, "courierSelected": true,
	}
}

func (p *privacy) limits() map[string]any {
	return map[string]any{"companyCode": "SOLEN", "dealerCode": "0222", "invoicesMonth": "2026-11-01"}
}

func (p *privacy) invoice() map[string]any {
	return map[string]any{
		"operation": "INSERT", "companyCode": "SOLEN", "dealerCode": "0222", "invoiceNumber": fmt.Sprint("P-", p.next()),
		"invoiceCurrency": "TRY", "paymentCurrency": "TRY", "invoiceDate": "2026-01-02", "amount": "12.34", "dueDate": "2099-12-31",
		"maturity": "TERM", "explanation": p.text("explanation"), "dealerName": p.text("dealer name"), "dealerSurname": p.text("dealer surname"),
	}
}

func (p *privacy) results() map[string]any {
	return map[string]any{"companyCode": "SOLEN", "fromDueDate": "2099-12-31", "toDueDate": "2099-12-31"}
}

func (p *privacy) loan() map[string]any {
	p.flows++ // an application's number is its key, and says nothing about anybody
	return map[string]any{
		"identityNumber": p.identity(), "applicationNumber": p.flows, "educationLevelCode": 6, "professionCode": 29,
		"campaignCode": 6000999999, "monthlyIncome": p.amount("income"), "branchCode": "S00330",
		"sectorCode": 1, "customerEmploymentStatus": 1, "residenceType": 1,
	}
}

func (p *privacy) fields(name command.Name) map[string]any {
	return map[command.Name]func() map[string]any{
		command.CustomerCreate: p.create, command.CustomerUpdate: p.update, command.CustomerComplete: p.complete,
		command.DBSLimitQuery: p.limits, command.DBSInvoiceUpsert: p.invoice, command.DBSInvoiceResultsQuery: p.results,
		command.LoanIncomeSubmit: p.loan,
	}[name]()
}

// take sends a command, as Avro if it can be written so, and waits for its end.
// The key names nobody, whatever the fields say.
func (p *privacy) take(name command.Name, fields map[string]any) *command.Outcome {
	p.t.Helper()
	text, err := json.Marshal(fields)
	must(p.t, err)
	draft, err := p.drafter.FromJSON(name, text)
	must(p.t, err)
	if draft.Violations != nil {
		draft.Record.Key = []byte("refused-" + draft.Command.ID)
	}
	draft.Record.Headers = append(draft.Record.Headers, kafka.Header{Key: "tracestate", Value: []byte("none=1")})
	p.publish(draft.Record)
	return p.outcome(draft.Command.ID)
}

// ends holds an outcome to its status.
func (p *privacy) ends(name command.Name, fields map[string]any, want command.Status) *command.Outcome {
	p.t.Helper()
	o := p.take(name, fields)
	if o.Status != want {
		p.t.Errorf("%s ended as %s %s (%s), want %s", name, o.Status, o.Code, o.BankCode, want)
	}
	return o
}

func with(fields map[string]any, changes ...map[string]any) map[string]any {
	for _, c := range changes {
		maps.Copy(fields, c)
	}
	return fields
}

func (p *privacy) goodWays() {
	p.t.Helper()
	for _, spelling := range []string{"+90%s", "0%s", "90%s"} {
		p.ends(command.CustomerCreate, with(p.create(), map[string]any{"phoneNumber": fmt.Sprintf(spelling, p.phone())}), command.Succeeded)
	}
	create := p.create()
	o := p.ends(command.CustomerCreate, create, command.Succeeded)
	created, ok := o.Result.(*command.CustomerCreated)
	if !ok {
		p.t.Fatalf("no customer in %s", o.Code)
	}
	numbers := map[string]any{"customerNumber": created.CustomerID.Reveal(), "processId": created.ProcessID.Reveal()}
	for what, n := range numbers {
		p.add(what, fmt.Sprint(n), false)
	}
	same := map[string]any{"citizenshipNumber": create["citizenshipNumber"]}
	p.ends(command.CustomerUpdate, with(p.update(), numbers, same), command.Succeeded)
	p.ends(command.CustomerComplete, with(p.complete(), numbers), command.Succeeded)
	p.ends(command.DBSLimitQuery, p.limits(), command.Succeeded)
	p.ends(command.DBSInvoiceUpsert, p.invoice(), command.Succeeded)
	p.ends(command.DBSInvoiceResultsQuery, p.results(), command.Succeeded)
	p.ends(command.LoanIncomeSubmit, p.loan(), command.Succeeded)
}

func (p *privacy) localRefusals() {
	p.t.Helper()
	wrong := func(id string) string { // a check digit off
		return p.add("wrong identity number", id[:10]+string('0'+(id[10]-'0'+1)%10), true)
	}
	for _, fields := range []map[string]any{
		{"citizenshipNumber": wrong(p.identity())},
		{"phoneNumber": p.phone() + "9"},
		{"email": "bozuk " + p.email()},
		{"kvkkApproved": false},
		{"flowReference": p.identity()},
		{"flowReference": p.email()},
		{"citizenshipNumber": p.text("number"), "phoneNumber": p.text("phone"), "email": p.text("mail")},
	} {
		p.ends(command.CustomerCreate, with(p.create(), fields), command.Rejected)
	}
	p.ends(command.CustomerUpdate, with(p.update(), map[string]any{
		"salary": "-" + p.amount("salary"), "branchId": p.text("branch"), "selectedAddress": p.address("selected"), "jobAddress": nil,
	}), command.Rejected)
	p.ends(command.CustomerComplete, with(p.complete(), map[string]any{"email": p.text("mail"), "customerNumber": -p.number("customer number")}), command.Rejected)
	for _, explanation := range []string{p.identity(), "tel 90" + p.phone(), p.email()} {
		p.ends(command.DBSInvoiceUpsert, with(p.invoice(), map[string]any{"explanation": explanation}), command.Rejected)
	}
	p.ends(command.DBSInvoiceUpsert, with(p.invoice(), map[string]any{
		"operation": p.text("operation"), "invoiceCurrency": p.text("currency"), "maturity": p.text("maturity"),
		"amount": "-" + p.amount("amount"), "companyCode": p.text("company"), "blockage": p.text("blockage"),
	}), command.Rejected)
	p.ends(command.LoanIncomeSubmit, with(p.loan(), map[string]any{
		"identityNumber": wrong(p.identity()), "monthlyIncome": "-" + p.amount("income"), "branchCode": p.text("branch"),
	}), command.Rejected)
	for _, reference := range []string{p.identity(), "tel:+90" + p.phone(), p.email()} {
		o := p.ends(command.DBSLimitQuery, with(p.limits(), map[string]any{"correlationId": reference}), command.Succeeded)
		if o.CorrelationID != "" {
			p.t.Error("a correlation id that names a person came out")
		}
	}
	p.ends(command.CustomerCreate, with(p.create(), map[string]any{"expiresAt": "2026-01-01T00:00:00Z"}), command.Rejected)
}

// unreadableCommands have canaries where the decoders stumble: in values of the
// wrong type, in names of members, next to syntax errors, in broken Avro.
func (p *privacy) unreadableCommands() {
	p.t.Helper()
	envelope := func() string {
		return fmt.Sprintf(`{"commandId":%q,"issuedAt":"2026-01-05T08:30:00Z",`, uuid.NewString())
	}
	values := map[command.Name][][]byte{}
	for _, name := range command.Names() {
		page, identity := p.page(), p.identity()
		wrongs := []string{
			fmt.Sprintf(`[%q]`, p.text("list")), fmt.Sprintf(`{%q:%q}`, p.text("member"), p.email()), fmt.Sprintf(`"%s"`, page), identity + ".5",
		}
		for field := range p.fields(name) { // every field, of a type that it does not have
			for _, value := range wrongs {
				if field != "correlationId" { // free text, which goes into the outcome
					values[name] = append(values[name], fmt.Appendf(nil, `%s%q:%s}`, envelope(), field, value))
				}
			}
		}
		good, err := json.Marshal(with(p.fields(name), map[string]any{"commandId": uuid.NewString(), "issuedAt": "2026-01-05T08:30:00Z"}))
		must(p.t, err)
		draft, err := p.drafter.FromJSON(name, good)
		must(p.t, err)
		avro := draft.Record.Value
		values[name] = append(values[name],
			good[:len(good)*2/3],
			append(slices.Clip(good), page...),
			avro[:len(avro)*2/3],
			append(slices.Clip(avro), page...),
			append(avro[:10:10], page...),
			[]byte(page),
			append([]byte{0, 0, 0, 0, 7}, page...),
			fmt.Appendf(nil, `%s%q:1,%q:2}`, envelope(), identity, identity),
			fmt.Appendf(nil, `{"commandId":%q,"issuedAt":%q,"expiresAt":%q}`, p.text("id"), p.text("moment"), identity),
			fmt.Appendf(nil, `%s"correlationId":%q}`, envelope(), identity),
		)
	}
	var records []kafka.Record
	waiting := map[string]bool{}
	for name, list := range values {
		for i, value := range list {
			key := fmt.Sprintf("unreadable-%s-%d", name, i)
			waiting[key] = true
			records = append(records, kafka.Record{Topic: p.drafter.Topics.Command(name), Key: []byte(key), Value: value})
		}
	}
	p.publish(records...)
	looked := 0
	p.until(time.Minute, "end of every unreadable command", func() bool {
		for ; looked < len(p.seen); looked++ {
			delete(waiting, string(p.seen[looked].Record.Key))
		}
		return len(waiting) == 0
	})
}

// search looks through everything that comes out of a processor and a bank.
func (p *privacy) search() {
	p.t.Helper()
	for _, path := range []string{"/metrics", "/readyz", "/healthz", "/", "/nosuch?tckn=" + p.identity()} {
		p.none(p.t, "page "+path, fetchPage(p.t, p.a.AdminAddress(), path), false)
	}
	p.none(p.t, "status", fmt.Appendf(nil, "%+v %v %+v", p.a.Intake(), p.a.Ready(), p.a.BankGroups()), false)
	must(p.t, stop(p.a))
	p.none(p.t, "the log", []byte(p.log.String()), false)
	p.none(p.t, "the standard logger", []byte(p.standard.String()), false)
	p.none(p.t, "the bank's journal", must1(json.Marshal(p.bank.Calls(0))), false)
	p.none(p.t, "the bank's complaints", must1(json.Marshal(p.bank.Complaints())), false)
	p.none(p.t, "the bank's ledger", must1(json.Marshal(p.bank.Ledger())), true)

	t := p.drafter.Topics
	outputs := []string{t.DeadLetter(), t.Attempts()}
	for _, name := range command.Names() {
		outputs = append(outputs, t.Result(name))
	}
	letters, results := 0, 0
	for _, topic := range outputs {
		var heads, values []byte
		for _, r := range p.read(topic) {
			heads = append(append(heads, "\nkey="...), r.Key...)
			for _, h := range r.Headers {
				heads = fmt.Append(heads, "\n", h.Key, "=", string(h.Value))
			}
			if topic == t.DeadLetter() { // its value is the command itself
				letters++
				continue
			}
			results++
			values = append(append(values, r.Value...), "\n\n"...)
		}
		p.none(p.t, "headers and keys of "+topic, heads, false)
		p.none(p.t, "values of "+topic, values, true)
	}
	p.t.Logf("%d canaries, %d results, %d dead letters, %d KiB of log", len(p.canaries), results, letters, len(p.log.String())>>10)
	if results < 100 || letters < 100 {
		p.t.Error("too little came out to show anything")
	}
}

// read returns every record of a topic.
func (p *privacy) read(topic string) (records []kafka.Record) {
	p.t.Helper()
	leaders, err := p.client.Leaders(p.t.Context(), topic)
	must(p.t, err)
	for tp := range leaders {
		ranges, err := p.client.LogRange(p.t.Context(), []kafka.TopicPartition{tp})
		must(p.t, err)
		for at := ranges[tp].First; at < ranges[tp].Next; {
			fetched, err := p.client.Fetch(p.t.Context(), []kafka.FetchPartition{{TopicPartition: tp, Offset: at, MaxBytes: 1 << 20}}, time.Second, 8<<20)
			must(p.t, err)
			must(p.t, fetched[0].Err)
			records = append(records, fetched[0].Records...)
			at = fetched[0].Next
		}
	}
	return records
}
