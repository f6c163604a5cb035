package command

import "strconv"

// SubmitIncome gives the income of a loan applicant and is answered by an offer
// (contract section 3.7). A nil pointer or 0 is a required field that the event
// did not carry.
type SubmitIncome struct {
	IdentityNumber           Private
	ApplicationNumber        int64
	EducationLevelCode       int32
	ProfessionCode           int32
	CampaignCode             int64
	MonthlyIncome            *Decimal // TRY, > 0, at most 2 digits after the point
	BranchCode               string
	SectorCode               *int32
	CustomerEmploymentStatus *int32
	ResidenceType            *int32
}

// Name returns LoanIncomeSubmit.
func (*SubmitIncome) Name() Name { return LoanIncomeSubmit }

// OrderingKey returns the application number in decimal digits.
func (p *SubmitIncome) OrderingKey() string { return strconv.FormatInt(p.ApplicationNumber, 10) }

func (*SubmitIncome) payload() {}
