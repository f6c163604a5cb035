package banksim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"bankprocessor/internal/command"
)

var (
	limitMembers   = members("AssociationCode", "SubscriberNumber", "InvoicesIncluded", "CustomerNo")
	resultsMembers = members("AssociationCode", "QueryDate", "EndDate", "CustomerNo")
)

// limitData is the one dealer of a limit query.
type limitData struct {
	query  limitQuery
	dealer DealerState
	found  bool
	future Money // unpaid term invoices due in the month asked for, TRY
	branch int64
}

type limitQuery struct {
	company, dealer, included string
	customerNo                int64
	by                        *Cause
}

// queryLimit is GetDbsLimitInfoList (contract section 3.4).
func queryLimit(b *Bank, q *request) reply {
	f := q.fields(limitMembers)
	query := limitQuery{
		company: f.text("AssociationCode"), dealer: f.text("SubscriberNumber"),
		included: f.text("InvoicesIncluded"), customerNo: f.integer("CustomerNo"), by: q.cause(),
	}
	if f.malformed != "" {
		return malformed(f.malformed)
	}
	month, err := time.Parse("012006", query.included)
	if err != nil {
		q.complain(RuleInvoicesIncluded, "InvoicesIncluded")
	}
	data := limitData{query: query, branch: b.cfg.Branch}
	code := b.ledger.limit(query, month, &data)
	if code == "" {
		code = b.cfg.LimitSuccessCode
	}
	return reply{code: code, message: limitText[code], data: data}
}

// limit returns a refusal, or "" with the dealer's data.
func (l *ledger) limit(q limitQuery, month time.Time, data *limitData) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.company(q.company, q.customerNo); !known {
		return "304"
	}
	account := l.dealer(q.by, q.company, q.dealer)
	if account == nil || account.NoLimit {
		return "301"
	}
	data.dealer, data.found = account.state(), true
	for _, invoice := range account.invoices {
		if invoice.DueDate.Year == month.Year() && invoice.DueDate.Month == month.Month() {
			data.future += invoice.Reserved
		}
	}
	return ""
}

func renderLimit(o *out, r *reply) {
	serviceResponse(o, r, "DBSLimitInfoQueryMessage", func() {
		d, _ := r.data.(limitData)
		rows := 0
		if d.found {
			rows = 1
		}
		o.rows("DBSLimitResult", r, rows, func(i int) {
			o.text("$type", "DBSLimitInfo")
			if i < 0 {
				o.code("ResultCode", r.code)
				o.orNull("ResultMessage", r.message)
				o.null("AssociationCode", "SubscriberNumber", "DdaLimit", "DdaRisk", "AvailableLimit",
					"FutureInvoiceAmount", "AccountBranchCode", "AccountNumber", "AccountSuffix",
					"SubscriberName", "AccountBalance", "BlockageAmount", "AvailableBalance")
				return
			}
			s := d.dealer
			o.null("ResultCode", "ResultMessage")
			o.text("AssociationCode", s.Company)
			o.text("SubscriberNumber", s.Code)
			o.money("DdaLimit", s.Limit)
			o.money("DdaRisk", s.Reserved+s.Drawn)
			o.money("AvailableLimit", s.Available)
			o.money("FutureInvoiceAmount", d.future)
			o.number("AccountBranchCode", d.branch)
			o.number("AccountNumber", 1_000_000+accountNumber(s.Code))
			o.number("AccountSuffix", 351)
			o.orNull("SubscriberName", s.Name)
			o.money("AccountBalance", s.Balance)
			o.money("BlockageAmount", 0)
			o.money("AvailableBalance", s.Balance)
		})
		o.echo(d.query.company, d.query.dealer, d.query.included, d.query.customerNo, "", "")
	})
}

// accountNumber makes up a stable number for a dealer.
func accountNumber(code string) int64 {
	var n int64
	for _, c := range []byte(code) {
		n = (n*31 + int64(c)) % 9_000_000
	}
	return n
}

// resultsData is the rows of a results query.
type resultsData struct {
	query resultsQuery
	rows  []Invoice // without History
	names map[string]string
}

type resultsQuery struct {
	company, from, to string // as sent
	customerNo        int64
}

// queryResults is GetDbsInvoiceResultsList (contract section 3.6): invoices by
// LastPaymentDate.
func queryResults(b *Bank, q *request) reply {
	f := q.fields(resultsMembers)
	from, _ := f.moment("QueryDate")
	to, _ := f.moment("EndDate")
	query := resultsQuery{
		company: f.text("AssociationCode"), from: f.text("QueryDate"), to: f.text("EndDate"),
		customerNo: f.integer("CustomerNo"),
	}
	if f.malformed != "" {
		return malformed(f.malformed)
	}
	data := resultsData{query: query}
	code := b.results(&data, from, to)
	message := strings.ReplaceAll(resultsText[code], "{X}", strconv.Itoa(b.cfg.MaxRangeDays))
	return reply{code: code, message: message, data: data}
}

func (b *Bank) results(data *resultsData, from, to time.Time) string {
	l := b.ledger
	first, last := command.DateOf(from), command.DateOf(to)
	midnight := to.Hour()+to.Minute()+to.Second() == 0
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.company(data.query.company, data.query.customerNo); !known {
		return "204"
	}
	days := first.DaysUntil(last) + 1
	switch {
	case to.Before(from):
		return "202"
	case days > b.cfg.MaxRangeDays:
		return "203"
	case b.cfg.ExcludeMidnightEnd && midnight:
		days--
	}
	data.names = map[string]string{}
	for n := range days {
		for _, invoice := range l.byDue[dueKey{data.query.company, first.AddDays(n)}] {
			if b.cfg.HidePassive && invoice.RecordStatus == recordPassive {
				continue
			}
			row := *invoice
			row.History = nil
			data.rows = append(data.rows, row)
			data.names[row.Dealer] = l.dealers[dealerKey{row.Company, row.Dealer}].Name
		}
	}
	if len(data.rows) == 0 {
		return "201"
	}
	return "000"
}

func renderResults(o *out, r *reply) {
	serviceResponse(o, r, "DBSInvoiceResultQueryMessage", func() {
		d, _ := r.data.(resultsData)
		o.b = slices.Grow(o.b, 600*len(d.rows))
		o.rows("DBSInvoiceResult", r, len(d.rows), func(i int) {
			o.text("$type", "DBSInvoiceInfo")
			if i < 0 {
				o.code("ResultCode", r.code)
				o.orNull("ResultMessage", r.message)
				o.null("InvoiceNumber", "SubscriberNumber", "InvoiceDate", "InvoiceAmount", "InvoiceCurrencyCode",
					"PaymentDate", "PaymentAmount", "PaymentCurrencyCode", "StatusCode", "SubscriberName")
				return
			}
			o.invoiceRow(&d.rows[i], d.names[d.rows[i].Dealer])
		})
		o.echo(d.query.company, "", "", d.query.customerNo, d.query.from, d.query.to)
	})
}

func (o *out) invoiceRow(row *Invoice, dealerName string) {
	o.null("ResultCode", "ResultMessage")
	o.text("InvoiceNumber", row.Number)
	o.text("SubscriberNumber", row.Dealer)
	o.day("InvoiceDate", row.InvoiceDate)
	o.money("InvoiceAmount", row.Amount)
	o.text("InvoiceCurrencyCode", row.InvoiceCurrency)
	o.day("PaymentDate", row.PaymentDate)
	if row.PaymentDate.IsZero() {
		o.null("PaymentAmount", "PaymentCurrencyCode")
	} else {
		o.money("PaymentAmount", row.PaymentAmount)
		o.text("PaymentCurrencyCode", row.PaymentCurrency)
	}
	o.orNull("StatusCode", row.StatusCode)
	o.orNull("SubscriberName", dealerName)
	if o.shape.pageFields {
		return
	}
	o.day("LastPaymentDate", row.DueDate)
	o.moment("LastUpdateDate", row.UpdatedAt)
	o.text("RecordStatus", row.RecordStatus)
	o.text("InvoiceMaturtyType", row.Maturity)
	o.orNull("Explanation", row.Explanation)
}

// rows writes a list in the bank's row model: a row that carries the code (item
// -1), then n rows of data (contract section 3.4).
func (o *out) rows(name string, r *reply, n int, item func(i int)) {
	switch {
	case r.data == nil && r.code == "":
		o.list(name, 0, item)
	case o.shape.repeatStatus && n > 0:
		o.list(name, 2*n, func(i int) {
			if i%2 == 0 {
				item(-1)
			} else {
				item(i / 2)
			}
		})
	default:
		o.list(name, 1+n, func(i int) { item(i - 1) })
	}
}

// echo writes what live answers repeat of the query; the page does not have it.
func (o *out) echo(company, dealer, included string, customerNo int64, from, to string) {
	o.orNull("AssociationCode", company)
	o.orNull("SubscriberNumber", dealer)
	o.orNull("InvoicesIncluded", included)
	o.number("CustomerNo", customerNo)
	o.orNull("QueryDate", from)
	o.orNull("EndDate", to)
	o.null("Consolide", "CustomerPersonelAccountNo", "ShareAccountNumber", "MainBranchCode")
}
