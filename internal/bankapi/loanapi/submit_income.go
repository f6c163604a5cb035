package loanapi

import (
	"context"
	"log/slog"
	"regexp"
	"slices"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/parcel"
	"bankprocessor/internal/bankapi/wire"
	"bankprocessor/internal/command"
)

// submitIncome is POST /loan/personal/personalInfo (contract section 3.7).
type submitIncome struct {
	url    string
	client *bankapi.Client
	tokens *bankapi.Tokens
	group  *bankapi.Group
	log    *slog.Logger

	sectors, employments, residences []int32
}

// Group returns the group that the business calls run in.
func (m *submitIncome) Group() *bankapi.Group { return m.group }

// Wait returns nil once a token is at hand or may be asked for and a call may
// be tried, or ctx's cause.
func (m *submitIncome) Wait(ctx context.Context) error {
	if err := m.tokens.Wait(ctx); err != nil {
		return err
	}
	return m.group.Wait(ctx)
}

// Shut says whether Wait would block for longer than it takes a call to end.
func (m *submitIncome) Shut() bool { return m.tokens.Shut() || m.group.Shut() }

// Call submits once, and once more with another token when the first is refused.
func (m *submitIncome) Call(ctx context.Context, c *command.Command, call command.Call) command.Verdict {
	payload, ok := c.Payload.(*command.SubmitIncome)
	if !ok {
		return notEncodable
	}
	p := parcel.Take()
	body, err := encode(&p.Body, payload)
	if err != nil {
		p.Return()
		return notEncodable
	}
	m.warn(c.ID, payload)
	v := m.tokens.Call(ctx, m.group, func(ctx context.Context, token bankapi.Token) command.Verdict {
		head(p, call, token)
		x := p.Post(ctx, m.client, m.url, body, call.Permit)
		v := judge(&p.Answer, x, payload.ApplicationNumber)
		v.HTTPStatus = x.Status
		return v
	})
	p.Return()
	return v
}

// head begins the header anew.
func head(p *parcel.Parcel, call command.Call, token bankapi.Token) {
	p.Header = p.Header[:0]
	p.Add("Content-Type", "application/json")
	p.Add("Accept", "application/json")
	p.Header = append(p.Header, token.Authorization())
	if call.Traceparent != "" {
		p.Add("Traceparent", call.Traceparent)
	}
}

// encode writes the request with exactly the members of the bank's page.
func encode(w *wire.Writer, p *command.SubmitIncome) ([]byte, error) {
	w.Begin()
	w.Text("IdentityNumber", p.IdentityNumber.Reveal())
	w.Int("ApplicationNumber", p.ApplicationNumber)
	w.Int("EducationLevelCode", int64(p.EducationLevelCode))
	w.Int("ProfessionalCode", int64(p.ProfessionCode))
	w.Int("CampaignCode", p.CampaignCode)
	if p.MonthlyIncome == nil {
		w.Missing("MonthlyIncomeAmount")
	} else {
		w.Decimal("MonthlyIncomeAmount", *p.MonthlyIncome)
	}
	w.Text("BranchCode", p.BranchCode)
	for _, enum := range []struct {
		name  string
		value *int32
	}{
		{"SectorCode", p.SectorCode},
		{"CustomerEmploymentStatus", p.CustomerEmploymentStatus},
		{"ResidenceType", p.ResidenceType},
	} {
		if enum.value == nil {
			w.Missing(enum.name)
		} else {
			w.Int(enum.name, int64(*enum.value))
		}
	}
	w.End()
	return w.Bytes()
}

// notEncodable cannot happen to a command that has passed its local checks.
var notEncodable = command.Verdict{
	Status: command.Rejected, Code: command.CodeCommandInvalid, Category: command.CategoryValidation,
	Retry: command.RetryNever, DeadLetter: true, Uncounted: true, Delivery: command.NotSent,
	Detail: "the command lacks a field that the bank requires",
}

var branchShape = regexp.MustCompile(`^S\d{5}$`)

// warn names the fields whose values the bank is not known to take. The values
// are about a person and are not logged.
func (m *submitIncome) warn(commandID string, p *command.SubmitIncome) {
	unknown := func(field string) {
		m.log.Warn("loan field has a value that the bank is not known to take", "command_id", commandID, "field", field)
	}
	for _, enum := range []struct {
		field string
		value *int32
		known []int32
	}{
		{"sectorCode", p.SectorCode, m.sectors},
		{"customerEmploymentStatus", p.CustomerEmploymentStatus, m.employments},
		{"residenceType", p.ResidenceType, m.residences},
	} {
		if len(enum.known) > 0 && !slices.Contains(enum.known, *enum.value) {
			unknown(enum.field)
		}
	}
	if !branchShape.MatchString(p.BranchCode) {
		unknown("branchCode")
	}
}
