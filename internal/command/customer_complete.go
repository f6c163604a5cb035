package command

// CompleteCustomer ends a flow (contract section 3.3). The bank's UserCode is
// configuration, not part of the command.
type CompleteCustomer struct {
	Opaque

	FlowReference   string
	CustomerNumber  PrivateInt
	ProcessID       PrivateInt
	Email           Private
	PhoneNumber     Private
	ApprovedAgent   *bool
	CourierSelected *bool
}

// Name returns CustomerComplete.
func (*CompleteCustomer) Name() Name { return CustomerComplete }

// OrderingKey returns the flow reference.
func (p *CompleteCustomer) OrderingKey() string { return p.FlowReference }

// HasKey says whether key is the flow reference.
func (p *CompleteCustomer) HasKey(key []byte) bool { return string(key) == p.FlowReference }

func (*CompleteCustomer) payload() {}

// Validate runs the checks of contract section 3.3.
func (p *CompleteCustomer) Validate(Rules) Violations {
	var c check
	c.flowReference(p.FlowReference)
	c.positive("customerNumber", p.CustomerNumber.Reveal())
	c.positive("processId", p.ProcessID.Reveal())
	c.email(p.Email)
	c.phone(p.PhoneNumber)
	c.present("approvedAgent", p.ApprovedAgent != nil)
	c.present("courierSelected", p.CourierSelected != nil)
	return c.found
}

// Warnings names what contract section 3.3 finds suspicious.
func (p *CompleteCustomer) Warnings(Rules) []string {
	if p.ApprovedAgent != nil && !*p.ApprovedAgent && p.CourierSelected != nil && !*p.CourierSelected {
		return []string{"approvedAgent and courierSelected are both false: probably no way of delivery is left"}
	}
	return nil
}
