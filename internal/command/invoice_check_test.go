package command_test

import (
	"strings"
	"testing"
	"time"

	"bankprocessor/internal/command"
)

func TestInvoiceChecks(t *testing.T) {
	t.Parallel()
	const (
		notFuture = "dueDate dbs.invoice.due_date_not_future"
		notToday  = "dueDate dbs.invoice.advance_due_date_not_today"
		immutable = "maturity dbs.invoice.advance_immutable"
	)
	type change func(*command.Invoice)
	due := func(d command.Date) change { return func(p *command.Invoice) { p.DueDate = d } }
	as := func(o command.InvoiceOperation, m command.Maturity, d command.Date) change {
		return func(p *command.Invoice) { p.Operation, p.Maturity, p.DueDate = o, m, d }
	}
	for name, c := range map[string]struct {
		change change
		want   []string
	}{
		"unknown operation":        {func(p *command.Invoice) { p.Operation = "DELETE" }, []string{"operation dbs.invoice.operation_unsupported"}},
		"operation in small":       {func(p *command.Invoice) { p.Operation = "insert" }, []string{"operation dbs.invoice.operation_unsupported"}},
		"dealer of 40":             {func(p *command.Invoice) { p.DealerCode = strings.Repeat("0", 40) }, nil},
		"dealer of 41":             {func(p *command.Invoice) { p.DealerCode = strings.Repeat("0", 41) }, []string{"dealerCode dbs.dealer.id_too_long"}},
		"dealer not ASCII":         {func(p *command.Invoice) { p.DealerCode = "bayi-ş" }, []string{"dealerCode command.invalid"}},
		"dealer with end space":    {func(p *command.Invoice) { p.DealerCode = "0222 " }, []string{"dealerCode command.invalid"}},
		"blank number":             {func(p *command.Invoice) { p.InvoiceNumber = "  " }, []string{"invoiceNumber dbs.invoice.number_missing"}},
		"number of 41":             {func(p *command.Invoice) { p.InvoiceNumber = strings.Repeat("8", 41) }, []string{"invoiceNumber dbs.invoice.number_too_long"}},
		"company of 41":            {func(p *command.Invoice) { p.CompanyCode = strings.Repeat("A", 41) }, []string{"companyCode command.invalid"}},
		"TL":                       {func(p *command.Invoice) { p.InvoiceCurrency = "TL" }, []string{"invoiceCurrency dbs.invoice.invoice_currency_invalid"}},
		"currency in small":        {func(p *command.Invoice) { p.PaymentCurrency = "try" }, []string{"paymentCurrency dbs.invoice.payment_currency_invalid"}},
		"other payment currency":   {func(p *command.Invoice) { p.InvoiceCurrency, p.PaymentCurrency = "USD", "TRY" }, nil},
		"zero amount":              {func(p *command.Invoice) { p.Amount = amount("0.00") }, []string{"amount dbs.invoice.amount_not_positive"}},
		"negative amount":          {func(p *command.Invoice) { p.Amount = amount("-1") }, []string{"amount dbs.invoice.amount_not_positive"}},
		"three digits":             {func(p *command.Invoice) { p.Amount = amount("1.001") }, []string{"amount command.invalid"}},
		"two digits and a zero":    {func(p *command.Invoice) { p.Amount = amount("1.010") }, nil},
		"credit":                   {func(p *command.Invoice) { p.EntryType = command.Credit }, []string{"entryType command.invalid"}},
		"unknown entry":            {func(p *command.Invoice) { p.EntryType = "B" }, []string{"entryType command.invalid"}},
		"unknown maturity":         {func(p *command.Invoice) { p.Maturity = "V" }, []string{"maturity command.invalid"}},
		"unknown blockage":         {func(p *command.Invoice) { p.Blockage = "E" }, []string{"blockage command.invalid"}},
		"default blockage":         {func(p *command.Invoice) { p.Blockage = command.BlockageDefault }, nil},
		"parametric code too long": {func(p *command.Invoice) { p.ParametricCode = strings.Repeat("V", 41) }, []string{"parametricCode command.invalid"}},
		"explanation of 200":       {func(p *command.Invoice) { p.Explanation = strings.Repeat("ş", 200) }, nil},
		"explanation of 201":       {func(p *command.Invoice) { p.Explanation = strings.Repeat("ş", 201) }, []string{"explanation command.invalid"}},
		"identity in explanation":  {func(p *command.Invoice) { p.Explanation = "TC 10000000146 icin" }, []string{"explanation command.invalid"}},
		"e-mail in explanation":    {func(p *command.Invoice) { p.Explanation = "bkz. ayse@example.com" }, []string{"explanation command.invalid"}},
		"phone in explanation":     {func(p *command.Invoice) { p.Explanation = "+905559999999" }, []string{"explanation command.invalid"}},
		"number in explanation":    {func(p *command.Invoice) { p.Explanation = "fatura 888888888849635547 @ depo" }, nil},
		"negative customer":        {func(p *command.Invoice) { p.CustomerNumber = -1 }, []string{"customerNumber command.invalid"}},

		"term due tomorrow":         {due(today.AddDays(1)), nil},
		"term due today":            {due(today), []string{notFuture}},
		"term due yesterday":        {due(today.AddDays(-1)), []string{notFuture}},
		"term update due today":     {as(command.UpdateInvoice, command.Term, today), []string{notFuture}},
		"term upsert due today":     {as(command.UpsertInvoice, command.Term, today), []string{notFuture}},
		"cancel skips date rules":   {as(command.CancelInvoice, command.Term, today.AddDays(-9)), nil},
		"cancel needs a due date":   {as(command.CancelInvoice, command.Term, command.Date{}), []string{"dueDate command.invalid"}},
		"advance due today":         {as(command.InsertInvoice, command.Advance, today), nil},
		"advance due tomorrow":      {as(command.InsertInvoice, command.Advance, today.AddDays(1)), []string{notToday}},
		"advance due yesterday":     {as(command.InsertInvoice, command.Advance, today.AddDays(-1)), []string{notToday}},
		"advance update":            {as(command.UpdateInvoice, command.Advance, today), []string{immutable}},
		"advance update, other day": {as(command.UpdateInvoice, command.Advance, today.AddDays(1)), []string{immutable}},
		"advance cancel":            {as(command.CancelInvoice, command.Advance, today), []string{immutable}},
		"advance upsert may insert": {as(command.UpsertInvoice, command.Advance, today), nil},
		"advance upsert, other day": {as(command.UpsertInvoice, command.Advance, today.AddDays(1)), []string{notToday}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := validInvoice()
			c.change(p)
			check(t, p, c.want...)
		})
	}
}

func TestTLIsRefusedWithAHint(t *testing.T) {
	t.Parallel()
	p := validInvoice()
	p.InvoiceCurrency, p.PaymentCurrency = "TL", "XXX"
	vs := p.Validate(rules)
	if len(vs) != 2 || !strings.Contains(vs[0].Message, "send TRY") {
		t.Errorf("got %v", vs)
	}
	if !strings.Contains(vs[1].Message, "TRY, USD, EUR, GBP") || strings.Contains(vs[1].Message, "XXX") {
		t.Errorf("the second message lists no allowed codes, or the value: %q", vs[1].Message)
	}
	p.InvoiceCurrency, p.PaymentCurrency = "CHF", "CHF"
	if vs := p.Validate(command.Rules{Now: noon, Currencies: []string{"CHF"}}); len(vs) != 0 {
		t.Errorf("a configured currency is refused: %v", vs)
	}
}

// Within five minutes of Istanbul's midnight both days may be the bank's today,
// so only what is wrong on both is refused (contract section 3.5).
func TestDueDateAroundIstanbulMidnight(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 11, 19, 21, 0, 0, 0, time.UTC) // 2026-11-20 00:00 in Istanbul
	d19, d20, d21 := command.Date{Year: 2026, Month: 11, Day: 19}, command.Date{Year: 2026, Month: 11, Day: 20}, command.Date{Year: 2026, Month: 11, Day: 21}
	for name, c := range map[string]struct {
		now           time.Time
		term, advance []command.Date // accepted among the three
	}{
		"six minutes before":     {midnight.Add(-6 * time.Minute), []command.Date{d20, d21}, []command.Date{d19}},
		"four minutes before":    {midnight.Add(-4 * time.Minute), []command.Date{d20, d21}, []command.Date{d19, d20}},
		"four minutes after":     {midnight.Add(4 * time.Minute), []command.Date{d20, d21}, []command.Date{d19, d20}},
		"six minutes after":      {midnight.Add(6 * time.Minute), []command.Date{d21}, []command.Date{d20}},
		"contract's test vector": {midnight.Add(30 * time.Minute), []command.Date{d21}, []command.Date{d20}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for m, want := range map[command.Maturity][]command.Date{command.Term: c.term, command.Advance: c.advance} {
				var got []command.Date
				for _, d := range []command.Date{d19, d20, d21} {
					p := validInvoice()
					p.Maturity, p.DueDate = m, d
					if len(p.Validate(command.Rules{Now: c.now})) == 0 {
						got = append(got, d)
					}
				}
				if len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
					t.Errorf("%s accepts %v, want %v", m, got, want)
				}
			}
		})
	}
}
