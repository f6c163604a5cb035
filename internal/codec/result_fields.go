package codec

import "bankprocessor/internal/command"

func newResult(name command.Name) command.Result {
	switch name {
	case command.CustomerCreate:
		return &command.CustomerCreated{}
	case command.CustomerUpdate:
		return &command.CustomerUpdated{}
	case command.CustomerComplete:
		return &command.CustomerCompleted{}
	case command.DBSLimitQuery:
		return &command.LimitList{}
	case command.DBSInvoiceUpsert:
		return &command.InvoiceRecorded{}
	case command.DBSInvoiceResultsQuery:
		return &command.InvoiceResultList{}
	case command.LoanIncomeSubmit:
		return &command.LoanOffer{}
	}
	return nil
}

func outcomeFields(w walker, o *command.Outcome) {
	text(w, "commandId", &o.CommandID)
	text(w, "correlationId", &o.CorrelationID)
	text(w, "command", &o.Command)
	text(w, "status", &o.Status)
	text(w, "code", &o.Code)
	text(w, "category", &o.Category)
	text(w, "bank", &o.Bank)
	text(w, "bankCode", &o.BankCode)
	optShort(w, "bankState", &o.BankState)
	text(w, "bankMessage", &o.BankMessage)
	text(w, "bankReference", &o.BankReference)
	text(w, "channelRequestId", &o.ChannelRequestID)
	short(w, "attempts", &o.Attempts)
	w.flag("reconciled", &o.Reconciled)
	w.flag("reconciledWeak", &o.ReconciledWeak)
	short(w, "revision", &o.Revision)
	w.moment("receivedAt", &o.ReceivedAt)
	w.moment("completedAt", &o.CompletedAt)
	listOf(w, "violations", (*[]command.Violation)(&o.Violations), violationFields)
	if inner, ok := w.record("payload", o.Result != nil); ok {
		if o.Result == nil {
			o.Result = newResult(o.Command)
		}
		resultFields(inner, o.Result)
		inner.end()
	}
}

func violationFields(w walker, v *command.Violation) {
	text(w, "field", &v.Field)
	text(w, "code", &v.Code)
	text(w, "message", &v.Message)
}

func resultFields(w walker, result command.Result) {
	switch r := result.(type) {
	case *command.CustomerCreated:
		long(w, "processId", &r.ProcessID)
		long(w, "customerId", &r.CustomerID)
	case *command.CustomerUpdated:
		long(w, "processId", &r.ProcessID)
		w.optFlag("calculateLimit", &r.CalculateLimit)
		w.flag("processIdDiffers", &r.ProcessIDDiffers)
	case *command.CustomerCompleted:
	case *command.LimitList:
		listOf(w, "rows", &r.Rows, limitRowFields)
	case *command.InvoiceRecorded:
		invoiceRecordedFields(w, r)
	case *command.InvoiceResultList:
		listOf(w, "rows", &r.Rows, invoiceResultRowFields)
	case *command.LoanOffer:
		loanOfferFields(w, r)
	}
}

func limitRowFields(w walker, r *command.LimitRow) {
	text(w, "companyCode", &r.CompanyCode)
	text(w, "dealerCode", &r.DealerCode)
	w.decimal("limit", &r.Limit)
	w.decimal("risk", &r.Risk)
	w.decimal("availableLimit", &r.AvailableLimit)
	w.decimal("futureInvoiceAmount", &r.FutureInvoiceAmount)
	text(w, "accountBranchCode", &r.AccountBranchCode)
	text(w, "accountNumber", &r.AccountNumber)
	text(w, "accountSuffix", &r.AccountSuffix)
	text(w, "dealerName", &r.DealerName)
	w.decimal("accountBalance", &r.AccountBalance)
	w.decimal("blockedAmount", &r.BlockedAmount)
	w.decimal("availableBalance", &r.AvailableBalance)
}

func invoiceRecordedFields(w walker, r *command.InvoiceRecorded) {
	short(w, "referenceBranch", &r.ReferenceBranch)
	long(w, "referenceNumber", &r.ReferenceNumber)
	w.day("referenceDate", &r.ReferenceDate)
	text(w, "transactionId", &r.TransactionID)
	w.decimal("availableLimit", &r.AvailableLimit)
	w.flag("paid", &r.Paid)
	text(w, "operation", &r.Operation)
}

func invoiceResultRowFields(w walker, r *command.InvoiceResultRow) {
	text(w, "invoiceNumber", &r.InvoiceNumber)
	text(w, "dealerCode", &r.DealerCode)
	text(w, "dealerName", &r.DealerName)
	w.day("invoiceDate", &r.InvoiceDate)
	w.decimal("invoiceAmount", &r.InvoiceAmount)
	text(w, "invoiceCurrency", &r.InvoiceCurrency)
	w.day("dueDate", &r.DueDate)
	w.day("paymentDate", &r.PaymentDate)
	w.decimal("paymentAmount", &r.PaymentAmount)
	text(w, "paymentCurrency", &r.PaymentCurrency)
	text(w, "payment", &r.Payment)
	text(w, "record", &r.Record)
	text(w, "maturity", &r.Maturity)
	w.moment("lastUpdated", &r.LastUpdated)
	text(w, "explanation", &r.Explanation)
}

func loanOfferFields(w walker, r *command.LoanOffer) {
	long(w, "applicationNumber", &r.ApplicationNumber)
	optLong(w, "internetDisplayType", &r.InternetDisplayType)
	text(w, "productDescription", &r.ProductDescription)
	w.decimal("creditAmount", &r.CreditAmount)
	optLong(w, "maturity", &r.Maturity)
	w.decimal("contractInterestRate", &r.ContractInterestRate)
	w.decimal("monthlyInstallmentAmount", &r.MonthlyInstallmentAmount)
	w.decimal("interestRate", &r.InterestRate)
	optLong(w, "pricingBreakdownId", &r.PricingBreakdownID)
	w.decimal("creditAllocationFees", &r.CreditAllocationFees)
	w.decimal("insurancePremiumAmount", &r.InsurancePremiumAmount)
	w.decimal("allocationFeesTaxesTotal", &r.AllocationFeesTaxesTotal)
	w.decimal("defaultInterestRate", &r.DefaultInterestRate)
	w.decimal("topLevelAllocationRatio", &r.TopLevelAllocationRatio)
	w.day("firstInstallmentDate", &r.FirstInstallmentDate)
	w.decimal("appraisalAmount", &r.AppraisalAmount)
	w.decimal("bsmv", &r.Bsmv)
	w.decimal("kkdf", &r.Kkdf)
	optLong(w, "gracePeriodInstallmentCount", &r.GracePeriodInstallmentCount)
	optLong(w, "paymentPeriod", &r.PaymentPeriod)
	w.decimal("interestBalanceAmount", &r.InterestBalanceAmount)
	w.decimal("annualCostRate", &r.AnnualCostRate)
	optLong(w, "showInsuranceFee", &r.ShowInsuranceFee)
}
