package command

import "strings"

// UpdateCustomer replaces what the bank knows of a customer in an open flow
// (contract section 3.2). A nil pointer is a required field that the event did
// not carry: 0 is a value, not "absent".
type UpdateCustomer struct {
	Opaque

	FlowReference     string
	CustomerNumber    PrivateInt // the customerId of create's result
	ProcessID         PrivateInt // the processId of create's result
	CitizenshipNumber Private
	Education         CodedName
	CompanyName       Private
	Salary            *Decimal // TRY per month
	WorkingStatus     CodedName
	JobTitle          CodedName
	HomeStatus        CodedName
	WorkAreaCode      *int32
	JobAddress        *Address
	HomeAddress       *Address
	ContactAddress    *Address // required exactly when SelectedAddress is "Contact"
	BranchID          string
	SelectedAddress   string // "Home", "Work" or "Contact"
	CalculateLimit    *bool
}

// CodedName is a parameter of the bank's: its name and its code, which must agree.
type CodedName struct {
	Opaque

	Name Private
	Code *int32
}

// Address is one postal address in the bank's parameters. Every field but
// DistrictType is required.
type Address struct {
	Opaque

	Type          Private // "WorkAddress", "HomeAddress", "ContactAddress"
	TypeCode      Private
	Country       Private
	CountryCode   Private
	City          Private
	CityCode      Private
	Town          Private
	TownCode      Private
	District      Private
	DistrictCode  Private
	DistrictType  Private // may be empty: null on the wire
	Street        Private
	StreetCode    Private
	AddressDetail Private
}

// Name returns CustomerUpdate.
func (*UpdateCustomer) Name() Name { return CustomerUpdate }

// OrderingKey returns the flow reference.
func (p *UpdateCustomer) OrderingKey() string { return p.FlowReference }

// HasKey says whether key is the flow reference.
func (p *UpdateCustomer) HasKey(key []byte) bool { return string(key) == p.FlowReference }

func (*UpdateCustomer) payload() {}

// The values of SelectedAddress.
const (
	selectedHome    = "Home"
	selectedWork    = "Work"
	selectedContact = "Contact"
)

const maxBranchID = 10

// Validate runs the checks of contract section 3.2.
func (p *UpdateCustomer) Validate(Rules) Violations {
	var c check
	c.flowReference(p.FlowReference)
	c.positive("customerNumber", p.CustomerNumber.Reveal())
	c.positive("processId", p.ProcessID.Reveal())
	c.identity("citizenshipNumber", p.CitizenshipNumber)
	c.codedName("education", p.Education)
	c.text("companyName", p.CompanyName)
	c.amount("salary", p.Salary, func(d Decimal) {
		if d.Sign() < 0 {
			c.invalid("salary", "must not be negative")
		}
	})
	c.codedName("workingStatus", p.WorkingStatus)
	c.codedName("jobTitle", p.JobTitle)
	c.codedName("homeStatus", p.HomeStatus)
	c.present("workAreaCode", p.WorkAreaCode != nil)
	c.address("jobAddress", p.JobAddress, true)
	c.address("homeAddress", p.HomeAddress, true)
	c.address("contactAddress", p.ContactAddress, p.SelectedAddress == selectedContact)
	if !onlyDigits(p.BranchID) || len(p.BranchID) > maxBranchID {
		c.invalid("branchId", "must be digits, at most 10")
	}
	switch p.SelectedAddress {
	case selectedHome, selectedWork, selectedContact:
	default:
		c.invalid("selectedAddress", "must be Home, Work or Contact")
	}
	c.present("calculateLimit", p.CalculateLimit != nil)
	return c.found
}

func (c *check) codedName(field string, n CodedName) {
	if blank(n.Name.Reveal()) {
		c.invalid(field+".name", required)
	}
	if n.Code == nil {
		c.invalid(field+".code", required)
	}
}

func (c *check) address(field string, a *Address, needed bool) {
	if a == nil {
		c.present(field, !needed)
		return
	}
	for _, f := range []struct {
		name  string
		value Private
	}{
		{"type", a.Type},
		{"typeCode", a.TypeCode},
		{"country", a.Country},
		{"countryCode", a.CountryCode},
		{"city", a.City},
		{"cityCode", a.CityCode},
		{"town", a.Town},
		{"townCode", a.TownCode},
		{"district", a.District},
		{"districtCode", a.DistrictCode},
		{"street", a.Street},
		{"streetCode", a.StreetCode},
		{"addressDetail", a.AddressDetail},
	} {
		if blank(f.value.Reveal()) {
			c.invalid(field+"."+f.name, required)
		}
	}
}

// Warnings names what contract section 3.2 finds suspicious.
func (p *UpdateCustomer) Warnings(Rules) []string {
	var found []string
	found = append(found, addressWarnings("jobAddress", p.JobAddress)...)
	found = append(found, addressWarnings("homeAddress", p.HomeAddress)...)
	return append(found, addressWarnings("contactAddress", p.ContactAddress)...)
}

func addressWarnings(field string, a *Address) []string {
	if a == nil {
		return nil
	}
	var found []string
	if !strings.HasPrefix(a.TownCode.Reveal(), a.CityCode.Reveal()) {
		found = append(found, field+".townCode does not start with the cityCode")
	}
	if !strings.HasPrefix(a.DistrictCode.Reveal(), a.CityCode.Reveal()) {
		found = append(found, field+".districtCode does not start with the cityCode")
	}
	return found
}
