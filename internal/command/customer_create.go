package command

// CreateCustomer asks for a digital customer flow (contract section 3.1).
// A nil pointer is a required field that the event did not carry.
type CreateCustomer struct {
	// FlowReference is upstream's opaque name of the flow and the ordering key.
	FlowReference string
	// PhoneNumber as upstream wrote it; NormalizePhone gives the wire form.
	PhoneNumber       Private
	CitizenshipNumber Private
	Email             Private
	Fatca             *bool
	USCustomer        *bool
	KVKKApproved      *bool
	// NotificationOnUpdate is true unless the event says otherwise.
	NotificationOnUpdate bool
	// ExistingFlowOnly reads an existing flow and creates none.
	ExistingFlowOnly bool
}

// Name returns CustomerCreate.
func (*CreateCustomer) Name() Name { return CustomerCreate }

// OrderingKey returns the flow reference.
func (p *CreateCustomer) OrderingKey() string { return p.FlowReference }

func (*CreateCustomer) payload() {}
