package interapi

import (
	"context"
	"strings"

	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// dbsLimit is GetDbsLimitInfoList (contract section 3.4).
type dbsLimit struct{ endpoint }

// Call lists a dealer's limits.
func (m *dbsLimit) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	p, ok := c.Payload.(*command.QueryLimit)
	if !ok {
		return wrongPayload()
	}
	number, ok := m.customerNumber(p.CompanyCode, p.CustomerNumber)
	if !ok {
		return companyUnset()
	}
	return m.exchange(ctx, c, call, func(w *wire.Writer) {
		w.Text("AssociationCode", p.CompanyCode)
		w.Text("SubscriberNumber", p.DealerCode)
		w.MonthYear("InvoicesIncluded", p.InvoicesMonth)
		w.Int("CustomerNo", number)
	}, m.read)
}

func (m *dbsLimit) read(data wire.Object) command.Verdict {
	const list = "DBSLimitResult"
	v, ok := ofRows(data, list, limitTable)
	if !ok {
		return m.unreadable("Data." + list + ": want a row with a ResultCode")
	}
	if v.Status != command.Succeeded {
		return v
	}
	result := &command.LimitList{}
	for row := range data.List(list) {
		if dealer := strings.TrimSpace(row.Text("SubscriberNumber")); dealer != "" {
			result.Rows = append(result.Rows, limitRow(row, dealer))
		}
	}
	v.Result = result
	return v
}

func limitRow(row wire.Object, dealer string) command.LimitRow {
	return command.LimitRow{
		CompanyCode:         strings.TrimSpace(row.Text("AssociationCode")),
		DealerCode:          dealer,
		Limit:               row.Decimal("DdaLimit"),
		Risk:                row.Decimal("DdaRisk"),
		AvailableLimit:      row.Decimal("AvailableLimit"),
		FutureInvoiceAmount: row.Decimal("FutureInvoiceAmount"),
		AccountBranchCode:   command.Private(row.Text("AccountBranchCode")),
		AccountNumber:       command.Private(row.Text("AccountNumber")),
		AccountSuffix:       command.Private(row.Text("AccountSuffix")),
		DealerName:          command.Private(row.Text("SubscriberName")),
		AccountBalance:      row.Decimal("AccountBalance"),
		BlockedAmount:       row.Decimal("BlockageAmount"),
		AvailableBalance:    row.Decimal("AvailableBalance"),
	}
}
