package command

// CreateCustomer asks for a digital customer flow (contract section 3.1).
// A nil pointer is a required field that the event did not carry.
type CreateCustomer struct {
	Opaque

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

// HasKey says whether key is the flow reference.
func (p *CreateCustomer) HasKey(key []byte) bool { return string(key) == p.FlowReference }

func (*CreateCustomer) payload() {}

// Validate runs the checks of contract section 3.1. Without consent nothing of
// the person's leaves the house, so a consent that is absent is one refused.
func (p *CreateCustomer) Validate(Rules) Violations {
	var c check
	c.flowReference(p.FlowReference)
	c.phone(p.PhoneNumber)
	c.identity("citizenshipNumber", p.CitizenshipNumber)
	c.email(p.Email)
	c.present("fatca", p.Fatca != nil)
	c.present("usCustomer", p.USCustomer != nil)
	if p.KVKKApproved == nil || !*p.KVKKApproved {
		c.fail("kvkkApproved", CodeConsentMissing, "must be true: without the person's consent nothing is sent to the bank")
	}
	return c.found
}

// Warnings names what contract section 3.1 finds suspicious.
func (p *CreateCustomer) Warnings(Rules) []string {
	if p.USCustomer != nil && *p.USCustomer && p.Fatca != nil && !*p.Fatca {
		return []string{"usCustomer is true while fatca is false"}
	}
	return nil
}
