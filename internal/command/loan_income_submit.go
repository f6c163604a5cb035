package command

import (
	"bytes"
	"slices"
	"strconv"
)

// SubmitIncome gives the income of a loan applicant and is answered by an offer
// (contract section 3.7). A nil pointer or 0 is a required field that the event
// did not carry.
type SubmitIncome struct {
	Opaque

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

// HasKey says whether key is the application number in decimal digits.
func (p *SubmitIncome) HasKey(key []byte) bool {
	var room [20]byte // of the least int64
	return bytes.Equal(key, strconv.AppendInt(room[:0], p.ApplicationNumber, 10))
}

func (*SubmitIncome) payload() {}

// Validate runs the checks of contract section 3.7.
func (p *SubmitIncome) Validate(Rules) Violations {
	var c check
	c.identity("identityNumber", p.IdentityNumber)
	c.positive("applicationNumber", p.ApplicationNumber)
	c.positive("educationLevelCode", int64(p.EducationLevelCode))
	c.positive("professionCode", int64(p.ProfessionCode))
	c.positive("campaignCode", p.CampaignCode)
	c.amount("monthlyIncome", p.MonthlyIncome, func(d Decimal) {
		if d.Sign() <= 0 {
			c.invalid("monthlyIncome", "must be above 0")
		}
	})
	c.code("branchCode", p.BranchCode, CodeCommandInvalid, CodeCommandInvalid)
	c.present("sectorCode", p.SectorCode != nil)
	c.present("customerEmploymentStatus", p.CustomerEmploymentStatus != nil)
	c.present("residenceType", p.ResidenceType != nil)
	return c.found
}

// Warnings names what contract section 3.7 finds suspicious.
func (p *SubmitIncome) Warnings(r Rules) []string {
	var found []string
	if len(p.BranchCode) != 6 || p.BranchCode[0] != 'S' || !onlyDigits(p.BranchCode[1:]) {
		found = append(found, "branchCode is not S and five digits")
	}
	if unknownEnum(p.SectorCode, r.LoanEnums.Sectors) {
		found = append(found, "sectorCode is not a known value")
	}
	if unknownEnum(p.CustomerEmploymentStatus, orDefault(r.LoanEnums.EmploymentStatuses, []int32{1, 2, 3, 4})) {
		found = append(found, "customerEmploymentStatus is not a known value")
	}
	if unknownEnum(p.ResidenceType, orDefault(r.LoanEnums.ResidenceTypes, []int32{1, 2, 3, 4, 5, 6})) {
		found = append(found, "residenceType is not a known value")
	}
	return found
}

func unknownEnum(value *int32, known []int32) bool {
	return value != nil && len(known) > 0 && !slices.Contains(known, *value)
}

func orDefault[T any](list, otherwise []T) []T {
	if len(list) == 0 {
		return otherwise
	}
	return list
}
