package command

// CompleteCustomer ends a flow (contract section 3.3). The bank's UserCode is
// configuration, not part of the command.
type CompleteCustomer struct {
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

func (*CompleteCustomer) payload() {}
