package interapi

import (
	"context"
	"strings"
	"sync"

	"github.com/google/uuid"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// dbsResults is GetDbsInvoiceResultsList (contract section 3.6).
type dbsResults struct {
	endpoint

	mu      sync.Mutex
	learned map[string]int // company to the days that the bank lists at a time
}

// Call lists the invoices of a range of due dates. A range that is longer than
// the bank lists at a time is asked for in parts, each an exchange of its own,
// and listed in order; the first part that fails decides.
func (m *dbsResults) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	p, ok := c.Payload.(*command.QueryInvoiceResults)
	if !ok {
		return wrongPayload()
	}
	number, ok := m.customerNumber(p.CompanyCode, p.CustomerNumber)
	if !ok {
		return companyUnset()
	}
	var listed listing
	days, relearned := m.daysAtATime(p.CompanyCode), false
	for from := p.FromDueDate; ; call.RequestID = uuid.NewString() {
		if parts(from, p.ToDueDate, days) > m.cfg.MaxParts {
			return tooManyParts()
		}
		part := partFrom(from, p.ToDueDate, days)
		v, told := m.query(ctx, c, call, p.CompanyCode, number, part)
		switch {
		case told > 0 && told < part.days() && !relearned:
			m.learn(p.CompanyCode, told)
			days, relearned = told, true
			continue
		case v.Status != command.Succeeded:
			return v
		}
		listed.add(v)
		if part.to.Compare(p.ToDueDate) >= 0 {
			return listed.verdict
		}
		from = part.to.AddDays(1)
	}
}

// listing puts the parts of one query together: all rows in order, under the
// answer of the last part that had any.
type listing struct{ verdict command.Verdict }

func (l *listing) add(part command.Verdict) {
	all, _ := l.verdict.Result.(*command.InvoiceResultList)
	list, _ := part.Result.(*command.InvoiceResultList)
	switch {
	case all == nil:
		l.verdict = part
		return
	case part.Code == command.CodeResultsListed:
		l.verdict = part
	}
	l.verdict.Result = &command.InvoiceResultList{Rows: append(all.Rows, list.Rows...)}
}

// query asks for one part. told is how many days the bank says it lists at a
// time, 0 when it does not say.
func (m *dbsResults) query(
	ctx context.Context, c *command.Command, call command.Call, company string, number int64, part dateRange,
) (v command.Verdict, told int) {
	v = m.exchange(ctx, c, call, func(w *wire.Writer) {
		w.Text("AssociationCode", company)
		start, end := startOfDay, endOfDay // a midnight end may leave the last day out
		if m.cfg.DateOnly {
			start, end = "", ""
		}
		w.Day("QueryDate", part.from, start)
		w.Day("EndDate", part.to, end)
		w.Int("CustomerNo", number)
	}, m.read)
	if v.BankCode == rangeTooLong {
		told = daysIn(v.BankMessage)
	}
	return v, told
}

func (m *dbsResults) read(data wire.Object) command.Verdict {
	const list = "DBSInvoiceResult"
	v, ok := ofRows(data, list, resultsTable)
	if !ok {
		return m.unreadable("Data." + list + ": want a row with a ResultCode")
	}
	if v.Status != command.Succeeded {
		return v
	}
	result := &command.InvoiceResultList{}
	for row := range data.List(list) {
		if number := strings.TrimSpace(row.Text("InvoiceNumber")); number != "" {
			result.Rows = append(result.Rows, resultRow(row, number))
		}
	}
	v.Result = result
	return v
}

func resultRow(row wire.Object, number string) command.InvoiceResultRow {
	return command.InvoiceResultRow{
		InvoiceNumber:   number,
		DealerCode:      strings.TrimSpace(row.Text("SubscriberNumber")),
		DealerName:      command.Private(row.Text("SubscriberName")),
		InvoiceDate:     row.Date("InvoiceDate"),
		InvoiceAmount:   row.Decimal("InvoiceAmount"),
		InvoiceCurrency: strings.TrimSpace(row.Text("InvoiceCurrencyCode")),
		DueDate:         row.Date("LastPaymentDate"),
		PaymentDate:     row.Date("PaymentDate"),
		PaymentAmount:   row.Decimal("PaymentAmount"),
		PaymentCurrency: strings.TrimSpace(row.Text("PaymentCurrencyCode")),
		Payment:         paymentOf(row.Code("StatusCode")),
		Record:          recordOf(row.Code("RecordStatus")),
		Maturity:        maturityOf(row.Code("InvoiceMaturtyType")), // the bank's spelling
		LastUpdated:     row.Time("LastUpdateDate"),
		Explanation:     command.Private(bankapi.Scrub(row.Text("Explanation"))),
	}
}

// daysAtATime is the shorter of the configured and the learned bound, 0 for none.
func (m *dbsResults) daysAtATime(company string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	learned, configured := m.learned[company], m.cfg.MaxRangeDays
	if learned == 0 || (configured > 0 && configured < learned) {
		return configured
	}
	return learned
}

func (m *dbsResults) learn(company string, days int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.learned[strings.Clone(company)] = days // else it keeps the whole command
}

func tooManyParts() command.Verdict {
	v := unsendable(command.CodeResultsRangeTooLong, command.CategoryValidation, "the range takes more parts than max_parts")
	v.DeadLetter = false
	return v
}
