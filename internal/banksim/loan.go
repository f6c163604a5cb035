package banksim

import (
	"net/http"

	"bankprocessor/internal/command"
)

var loanMembers = members("IdentityNumber", "ApplicationNumber", "EducationLevelCode", "ProfessionalCode",
	"CampaignCode", "MonthlyIncomeAmount", "BranchCode", "SectorCode", "CustomerEmploymentStatus", "ResidenceType")

const (
	loanAccepted  = "APIGW000000"
	loanMalformed = "ACBG000007"
	loanIdentity  = "ACBH000101"
	loanIncome    = "ACBH000202"
)

type loanData struct {
	application int64
	first       command.Date // of the instalments
	product     LoanProduct
	offer       offer
}

func identifyLoan(q *request) {
	if v := q.document.get("ApplicationNumber"); v.kind == number {
		q.call.Key = string(v.raw)
	}
}

// submitIncome is /loan/personal/personalInfo (contract section 3.7).
func submitIncome(b *Bank, q *request) reply {
	if code := b.tokens.check(bearer(q.http), b.now()); code != "" {
		return loanRefusal(http.StatusUnauthorized, code)
	}
	if q.malformed || q.document.kind != object {
		return loanRefusal(http.StatusBadRequest, loanMalformed)
	}
	b.remark(q)
	f := fields{object: &q.document, complain: q.complain}
	f.only(loanMembers)
	application := f.integer("ApplicationNumber")
	identity := f.text("IdentityNumber")
	income := f.money("MonthlyIncomeAmount")
	f.required("BranchCode")
	positive := application > 0 && income > 0
	for _, name := range [...]string{"EducationLevelCode", "ProfessionalCode", "CampaignCode"} {
		positive = f.integer(name) > 0 && positive
	}
	f.integer("SectorCode")
	employment, residence := f.integer("CustomerEmploymentStatus"), f.integer("ResidenceType")
	known := employment >= 1 && employment <= 4 && residence >= 1 && residence <= 6
	switch {
	case f.malformed != "" || !positive || !known:
		return loanRefusal(http.StatusBadRequest, loanMalformed)
	case !validCitizen(identity):
		return loanRefusal(http.StatusBadRequest, loanIdentity)
	case income < b.cfg.Loan.MinimumIncome:
		return loanRefusal(http.StatusBadRequest, loanIncome)
	}
	now := b.now()
	b.ledger.mu.Lock()
	b.ledger.post(q.cause(), incomeSubmitted{Application: application, Income: income, At: now})
	b.ledger.mu.Unlock()
	return reply{code: loanAccepted, applied: true, data: loanData{
		application: application, first: command.DateOf(now.In(command.Istanbul).AddDate(0, 1, 0)),
		product: b.cfg.Loan, offer: b.offer,
	}}
}

func loanRefusal(status int, code string) reply { return reply{status: status, code: code} }

func renderLoan(o *out, r *reply) {
	o.object(func() {
		o.header(r)
		d, ok := r.data.(loanData)
		if !ok {
			return
		}
		p := d.product
		o.name("Data")
		o.object(func() {
			o.name("ApplicationResult")
			o.object(func() {
				o.number("PricingBreakdownId", 1899999)
				o.money("Kkdf", p.Kkdf)
				o.number("ShowInsuranceFee", 1)
				o.money("Bsmv", p.Bsmv)
				o.number("InternetDisplayTypes", 3)
				o.money("CreditAmount", p.Principal)
				o.money("ContractInterestRate", p.MonthlyRate)
				o.money("InterestBalanceAmount", d.offer.total)
				o.money("InsurancePremiumAmount", p.Insurance)
				o.money("MonthlyInstallmentAmount", d.offer.instalment)
				o.number("ApplicationNumber", d.application)
				o.decimal("DefaultInterestRate", d.offer.defaulted)
				o.text("ProductDescription", p.Description)
				o.money("InterestRate", p.MonthlyRate)
				o.money("CreditAllocationFees", 0)
				o.number("GracePeriodInstallmentCount", 0)
				o.number("PaymentPeriod", 1)
				o.money("AllocationFeesTaxesTotal", 0)
				o.number("Maturity", p.Months)
				o.day("FirstInstallmentDate", d.first)
				o.money("AppraisalAmount", 0)
				o.text("IdentityNumber", "")
				o.decimal("AnnualCostRate", d.offer.annualCost)
			})
		})
	})
}

// header writes the VakıfBank header (contract section 1.5).
func (o *out) header(r *reply) {
	texts := loanText[r.code]
	if r.message != "" {
		texts = [2]string{r.message, r.message}
	}
	o.name("Header")
	o.object(func() {
		o.orNull("StatusCode", r.code)
		o.orNull("StatusDescription", texts[0])
		o.orNull("StatusDescriptionEn", texts[1])
		o.text("ObjectID", newUUID())
	})
}
