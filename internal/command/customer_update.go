package command

// UpdateCustomer replaces what the bank knows of a customer in an open flow
// (contract section 3.2). A nil pointer is a required field that the event did
// not carry: 0 is a value, not "absent".
type UpdateCustomer struct {
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
	Name Private
	Code *int32
}

// Address is one postal address in the bank's parameters. Every field but
// DistrictType is required.
type Address struct {
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

func (*UpdateCustomer) payload() {}
