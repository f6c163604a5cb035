package banksim

import "strconv"

var (
	createMembers  = members("IsGetProcess", "DigitalCustomer")
	digitalMembers = members("PhoneNumber", "CitizenshipNumber", "IsFatca", "IsUSCustomer", "Email",
		"NotificationOnUpdate", "IsKVKKApproved")
	updateMembers = members("CustomerNo", "ProcessId", "CitizenshipNumber", "EducationStatus", "EducationStatusCode",
		"CompanyName", "SalaryInfo", "WorkingStatus", "WorkingStatusCode", "JobTitle", "JobTitleCode",
		"HomeStatus", "HomeStatusCode", "WorkAreaCode", "JobAddressInfo", "HomeAddressInfo",
		"ContactAddressInfo", "BranchId", "SelectedAddress", "CalculateLimit")
	completeMembers = members("CustomerNo", "ProcessId", "Email", "PhoneNumber", "IsApprovedAgent",
		"IsCourierSelected", "UserCode")
	addressMembers = members("Type", "TypeCode", "Country", "CountryCode", "City", "CityCode", "Town", "TownCode",
		"District", "DistrictCode", "DistrictType?", "Street", "StreetCode", "AddressDetail")
)

// flowData is what the customer methods answer beside State.
type flowData struct {
	process, customer int64
	calculateLimit    bool
}

// createCustomer is CreateDigitalCustomer (contract section 3.1).
func createCustomer(b *Bank, q *request) reply {
	f := q.fields(createMembers)
	existing := f.flag("IsGetProcess")
	c := f.inner("DigitalCustomer")
	c.only(digitalMembers)
	phone, email := c.required("PhoneNumber"), c.required("Email")
	citizen := strconv.FormatInt(c.integer("CitizenshipNumber"), 10)
	c.flag("IsFatca")
	c.flag("IsUSCustomer")
	if c.object.get("NotificationOnUpdate").kind != absent {
		c.flag("NotificationOnUpdate")
	}
	consent := c.flag("IsKVKKApproved")
	f.join(&c, "DigitalCustomer")
	switch {
	case f.malformed != "":
		return malformed(f.malformed)
	case !consent:
		q.complain(RuleConsent, "IsKVKKApproved")
		return refused(errConsent)
	case !validCitizen(citizen):
		return refused(errCitizen)
	case !validPhone(phone):
		return refused(errPhone)
	case !validEmail(email):
		return refused(errEmail)
	}
	flow, found, fresh := b.ledger.startFlow(q.cause(), citizen, phone, email, existing, b.now())
	if !found {
		return refused(errNoFlow)
	}
	return reply{state: done(), applied: fresh, data: flowData{process: flow.ProcessID, customer: flow.CustomerID}}
}

func renderCreate(o *out, r *reply) {
	serviceResponse(o, r, "CreateDigitalCustomerMessage", func() {
		if d, ok := r.data.(flowData); ok {
			o.number("ProcessId", d.process)
			o.number("CustomerId", d.customer)
		} else {
			o.null("ProcessId", "CustomerId")
		}
		o.optional("State", r.state)
	})
}

// codedNames are the parameters of the bank's that the pages show; a code with
// another name than its own is refused, codes that nobody has seen are not.
var codedNames = []struct {
	name, code string
	known      map[int64]string
}{
	{"EducationStatus", "EducationStatusCode", map[int64]string{6: "ÜNİVERSİTE"}},
	{"WorkingStatus", "WorkingStatusCode", map[int64]string{1: "Özel Sektör Ücretli"}},
	{"JobTitle", "JobTitleCode", map[int64]string{9: "Mimar,İç Mimar,Mühendis"}},
	{"HomeStatus", "HomeStatusCode", map[int64]string{2: "Kira"}},
}

// updateCustomer is UpdateDigitalCustomerInformations (contract section 3.2).
func updateCustomer(b *Bank, q *request) reply {
	f := q.fields(updateMembers)
	customer, process := f.integer("CustomerNo"), f.integer("ProcessId")
	citizen := strconv.FormatInt(f.integer("CitizenshipNumber"), 10)
	agree := true
	for _, parameter := range codedNames {
		name, code := f.required(parameter.name), f.integer(parameter.code)
		if known, ok := parameter.known[code]; ok && known != name {
			agree = false
		}
	}
	f.required("CompanyName")
	salary := f.money("SalaryInfo")
	f.integer("WorkAreaCode")
	f.address("JobAddressInfo")
	f.address("HomeAddressInfo")
	contact := f.object.get("ContactAddressInfo").kind == object
	if contact {
		f.address("ContactAddressInfo")
	}
	branch, selected := f.required("BranchId"), f.required("SelectedAddress")
	calculate := f.flag("CalculateLimit")
	switch {
	case f.malformed != "":
		return malformed(f.malformed)
	case !allDigits(branch):
		return malformed("BranchId")
	case selected != "Home" && selected != "Work" && selected != "Contact":
		return malformed("SelectedAddress")
	case salary < 0:
		return malformed("SalaryInfo")
	case selected == "Contact" && !contact:
		return refused(errContactAddress)
	case !validCitizen(citizen):
		return refused(errCitizen)
	case !agree:
		return refused(errParameter)
	}
	informations := string(f.object.raw)
	if code := b.ledger.updateFlow(q.cause(), process, customer, citizen, informations); code != 0 {
		return refused(code)
	}
	return reply{state: done(), applied: true, data: flowData{process: process, calculateLimit: calculate}}
}

// address checks that every field of an address but DistrictType is there.
func (f *fields) address(name string) {
	a := f.inner(name)
	a.only(addressMembers)
	for _, field := range [...]string{"Type", "TypeCode", "Country", "CountryCode", "City", "CityCode", "Town",
		"TownCode", "District", "DistrictCode", "Street", "StreetCode", "AddressDetail"} {
		a.required(field)
	}
	a.text("DistrictType")
	f.join(&a, name)
}

func renderUpdate(o *out, r *reply) {
	serviceResponse(o, r, "AddDigitalCustomerDocumentsMessage", func() {
		if d, ok := r.data.(flowData); ok {
			o.flag("CalculateLimit", d.calculateLimit)
			o.number("ProcessId", d.process)
		} else {
			o.null("CalculateLimit", "ProcessId")
		}
		o.optional("State", r.state)
	})
}

// completeCustomer is CompleteDigitalCustomer (contract section 3.3).
func completeCustomer(b *Bank, q *request) reply {
	f := q.fields(completeMembers)
	customer, process := f.integer("CustomerNo"), f.integer("ProcessId")
	email, phone := f.required("Email"), f.required("PhoneNumber")
	f.flag("IsApprovedAgent")
	f.flag("IsCourierSelected")
	f.required("UserCode")
	switch {
	case f.malformed != "":
		return malformed(f.malformed)
	case !validPhone(phone):
		return refused(errPhone)
	case !validEmail(email):
		return refused(errEmail)
	}
	if code := b.ledger.completeFlow(q.cause(), process, customer, b.now()); code != 0 {
		return refused(code)
	}
	return reply{state: done(), applied: true}
}

func renderComplete(o *out, r *reply) {
	serviceResponse(o, r, "CompleteDigitalCustomerMessage", func() { o.optional("State", r.state) })
}
