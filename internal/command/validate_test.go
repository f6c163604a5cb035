package command_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bankprocessor/internal/command"
)

// want is "field code" of a violation.
func summary(vs command.Violations) []string {
	var got []string
	for _, v := range vs {
		got = append(got, v.Field+" "+string(v.Code))
	}
	return got
}

func check(t *testing.T, p command.Payload, want ...string) {
	t.Helper()
	got := p.Validate(rules)
	if diff := cmp.Diff(want, summary(got)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}
	for _, v := range got {
		if v.Message == "" || !command.Known(v.Code) {
			t.Errorf("violation of %s has message %q and code %q", v.Field, v.Message, v.Code)
		}
	}
}

func TestValidPayloadsPassWithoutWarnings(t *testing.T) {
	t.Parallel()
	for _, p := range validPayloads() {
		check(t, p)
		if w, ok := p.(command.Warner); ok && len(w.Warnings(rules)) > 0 {
			t.Errorf("%s warns: %v", p.Name(), w.Warnings(rules))
		}
	}
}

// An empty payload shows every required field at once, in the event's order.
func TestEmptyPayloadsListEveryRequiredField(t *testing.T) {
	t.Parallel()
	invalid := func(fields ...string) []string {
		for i := range fields {
			fields[i] += " command.invalid"
		}
		return fields
	}
	address := func(field string) []string {
		var fields []string
		for _, f := range []string{
			"type", "typeCode", "country", "countryCode", "city", "cityCode", "town", "townCode",
			"district", "districtCode", "street", "streetCode", "addressDetail",
		} {
			fields = append(fields, field+"."+f)
		}
		return fields
	}
	check(t, &command.CreateCustomer{}, append(invalid("flowReference", "phoneNumber", "citizenshipNumber", "email", "fatca", "usCustomer"),
		"kvkkApproved customer.consent_missing")...)
	check(t, &command.UpdateCustomer{}, invalid("flowReference", "customerNumber", "processId", "citizenshipNumber",
		"education.name", "education.code", "companyName", "salary", "workingStatus.name", "workingStatus.code",
		"jobTitle.name", "jobTitle.code", "homeStatus.name", "homeStatus.code", "workAreaCode",
		"jobAddress", "homeAddress", "branchId", "selectedAddress", "calculateLimit")...)
	update := validUpdate()
	update.JobAddress, update.HomeAddress = &command.Address{}, &command.Address{}
	update.SelectedAddress = "Contact"
	check(t, update, invalid(append(append(address("jobAddress"), address("homeAddress")...), "contactAddress")...)...)
	check(t, &command.CompleteCustomer{}, invalid("flowReference", "customerNumber", "processId", "email", "phoneNumber", "approvedAgent", "courierSelected")...)
	check(t, &command.QueryLimit{}, "companyCode command.invalid", "dealerCode dbs.dealer.id_missing", "invoicesMonth command.invalid")
	check(t, &command.Invoice{}, "operation dbs.invoice.operation_unsupported", "companyCode command.invalid",
		"dealerCode dbs.dealer.id_missing", "invoiceNumber dbs.invoice.number_missing",
		"invoiceCurrency dbs.invoice.invoice_currency_invalid", "paymentCurrency dbs.invoice.payment_currency_invalid",
		"invoiceDate command.invalid", "amount command.invalid", "dueDate command.invalid",
		"maturity dbs.invoice.maturity_type_missing", "entryType dbs.invoice.debit_credit_type_missing")
	check(t, &command.QueryInvoiceResults{}, invalid("companyCode", "fromDueDate", "toDueDate")...)
	check(t, &command.SubmitIncome{}, invalid("identityNumber", "applicationNumber", "educationLevelCode", "professionCode", "campaignCode",
		"monthlyIncome", "branchCode", "sectorCode", "customerEmploymentStatus", "residenceType")...)
}

func TestCreateCustomerChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*command.CreateCustomer)
		want   []string
	}{
		"no consent":               {func(p *command.CreateCustomer) { p.KVKKApproved = new(false) }, []string{"kvkkApproved customer.consent_missing"}},
		"identity checksum":        {func(p *command.CreateCustomer) { p.CitizenshipNumber = "10000000147" }, []string{"citizenshipNumber identity.checksum_invalid"}},
		"land line":                {func(p *command.CreateCustomer) { p.PhoneNumber = "2129999999" }, []string{"phoneNumber phone.invalid"}},
		"email without at":         {func(p *command.CreateCustomer) { p.Email = "ayse.example.com" }, []string{"email command.invalid"}},
		"email with two at":        {func(p *command.CreateCustomer) { p.Email = "ayse@example@com" }, []string{"email command.invalid"}},
		"email with space":         {func(p *command.CreateCustomer) { p.Email = "ay se@example.com" }, []string{"email command.invalid"}},
		"email of 254":             {func(p *command.CreateCustomer) { p.Email = command.Private(strings.Repeat("a", 242) + "@example.com") }, nil},
		"email of 255":             {func(p *command.CreateCustomer) { p.Email = command.Private(strings.Repeat("a", 243) + "@example.com") }, []string{"email command.invalid"}},
		"email without local part": {func(p *command.CreateCustomer) { p.Email = "@example.com" }, []string{"email command.invalid"}},
		"several at once": {func(p *command.CreateCustomer) { p.PhoneNumber, p.KVKKApproved = "1", nil }, []string{
			"phoneNumber phone.invalid", "kvkkApproved customer.consent_missing",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := validCreate()
			c.change(p)
			check(t, p, c.want...)
		})
	}
}

func TestFlowReferenceHoldsNoPersonalData(t *testing.T) {
	t.Parallel()
	for ref, ok := range map[string]bool{
		"flow-1":                               true,
		"a b":                                  true,
		"  ":                                   false,
		" flow":                                false,
		"akış":                                 false,
		"flow\n1":                              false,
		strings.Repeat("x", 128):               true,
		strings.Repeat("x", 129):               false,
		"10000000146":                          false,
		"flow-10000000146":                     false,
		"flow10000000146x":                     false,
		"10000000147":                          true, // not an identity number
		"110000000146":                         true, // a longer number
		"ayse@example.com":                     false,
		"ref:ayse@example.com":                 false,
		"+905559999999":                        false,
		"905559999999":                         false,
		"5559999999":                           true, // ten digits may be any number
		"0b7d9c0e-5f0a-5d7e-8a53-a10000000146": true, // by chance, in a UUID
	} {
		p := validCreate()
		p.FlowReference = ref
		var want []string
		if !ok {
			want = []string{"flowReference command.invalid"}
		}
		if diff := cmp.Diff(want, summary(p.Validate(rules))); diff != "" {
			t.Errorf("flowReference %q (-want +got):\n%s", ref, diff)
		}
	}
}

func TestUpdateCustomerChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*command.UpdateCustomer)
		want   []string
	}{
		"contact address given":       {func(p *command.UpdateCustomer) { p.SelectedAddress, p.ContactAddress = "Contact", validAddress() }, nil},
		"contact address missing":     {func(p *command.UpdateCustomer) { p.SelectedAddress = "Contact" }, []string{"contactAddress command.invalid"}},
		"contact address not whole":   {func(p *command.UpdateCustomer) { p.ContactAddress = validAddress(); p.ContactAddress.City = " " }, []string{"contactAddress.city command.invalid"}},
		"work address":                {func(p *command.UpdateCustomer) { p.SelectedAddress = "Work" }, nil},
		"address in other letters":    {func(p *command.UpdateCustomer) { p.SelectedAddress = "home" }, []string{"selectedAddress command.invalid"}},
		"no salary":                   {func(p *command.UpdateCustomer) { p.Salary = amount("0") }, nil},
		"negative salary":             {func(p *command.UpdateCustomer) { p.Salary = amount("-0.01") }, []string{"salary command.invalid"}},
		"salary of three digits":      {func(p *command.UpdateCustomer) { p.Salary = amount("1.005") }, []string{"salary command.invalid"}},
		"salary of 16 digits":         {func(p *command.UpdateCustomer) { p.Salary = amount("9999999999999999.99") }, nil},
		"salary of 17 digits":         {func(p *command.UpdateCustomer) { p.Salary = amount("10000000000000000") }, []string{"salary command.invalid"}},
		"negative numbers":            {func(p *command.UpdateCustomer) { p.CustomerNumber, p.ProcessID = -1, -1 }, []string{"customerNumber command.invalid", "processId command.invalid"}},
		"branch with letters":         {func(p *command.UpdateCustomer) { p.BranchID = "98a0" }, []string{"branchId command.invalid"}},
		"branch too long":             {func(p *command.UpdateCustomer) { p.BranchID = "12345678901" }, []string{"branchId command.invalid"}},
		"no district type is allowed": {func(p *command.UpdateCustomer) { p.JobAddress.DistrictType = "" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := validUpdate()
			c.change(p)
			check(t, p, c.want...)
		})
	}
}

func TestResultsQueryChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to   command.Date
		want []string
	}{
		"one day":     {today, nil},
		"31 days":     {today.AddDays(30), nil},
		"32 days":     {today.AddDays(31), []string{"toDueDate dbs.results.range_too_long"}},
		"inverted":    {today.AddDays(-1), []string{"toDueDate dbs.results.range_inverted"}},
		"without end": {command.Date{}, []string{"toDueDate command.invalid"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := validResults()
			p.ToDueDate = c.to
			check(t, p, c.want...)
		})
	}
	p := validResults()
	p.ToDueDate = today.AddDays(365)
	if got := p.Validate(command.Rules{Now: noon}); len(got) != 0 {
		t.Errorf("without a local bound: %v", got)
	}
}

func TestLimitAndIncomeChecks(t *testing.T) {
	t.Parallel()
	limit := validLimit()
	limit.InvoicesMonth.Day, limit.CustomerNumber, limit.DealerCode = 2, -1, strings.Repeat("1", 41)
	check(t, limit, "dealerCode dbs.dealer.id_too_long", "invoicesMonth command.invalid", "customerNumber command.invalid")

	income := validIncome()
	income.IdentityNumber, income.ApplicationNumber, income.MonthlyIncome = "01234567890", -5, amount("0")
	income.BranchCode = "Şube"
	check(t, income, "identityNumber identity.checksum_invalid", "applicationNumber command.invalid",
		"monthlyIncome command.invalid", "branchCode command.invalid")
	income = validIncome()
	income.MonthlyIncome = amount("1.001")
	check(t, income, "monthlyIncome command.invalid")
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	create := validCreate()
	create.USCustomer = new(true)
	update := validUpdate()
	update.JobAddress.CityCode, update.HomeAddress.DistrictCode = "06", "1"
	complete := validComplete()
	complete.CourierSelected = new(false)
	limit := validLimit()
	limit.DealerCode = "10000000146"
	invoice := validInvoice()
	invoice.DealerCode = "10000000146"
	income := validIncome()
	income.BranchCode, income.CustomerEmploymentStatus, income.ResidenceType = "330", new(int32(9)), new(int32(0))
	for _, c := range []struct {
		payload command.Payload
		want    []string // words that each warning holds
	}{
		{create, []string{"usCustomer"}},
		{update, []string{"jobAddress.townCode", "jobAddress.districtCode", "homeAddress.districtCode"}},
		{complete, []string{"courierSelected"}},
		{limit, []string{"dealerCode"}},
		{invoice, []string{"dealerCode"}},
		{income, []string{"branchCode", "customerEmploymentStatus", "residenceType"}},
	} {
		check(t, c.payload) // a warning is no refusal
		got := c.payload.(command.Warner).Warnings(rules)
		if len(got) != len(c.want) {
			t.Errorf("%s warns %v, want %v", c.payload.Name(), got, c.want)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], c.want[i]) || strings.Contains(got[i], "10000000146") {
				t.Errorf("%s warns %q, want one about %s without a value", c.payload.Name(), got[i], c.want[i])
			}
		}
	}
	known := command.Rules{LoanEnums: command.LoanEnums{Sectors: []int32{7}, EmploymentStatuses: []int32{9}, ResidenceTypes: []int32{0}}}
	if got := income.Warnings(known); len(got) != 2 || !strings.Contains(got[1], "sectorCode") {
		t.Errorf("with configured enums: %v, want branchCode and sectorCode only", got)
	}
}

func TestViolationsCodeAndError(t *testing.T) {
	t.Parallel()
	var vs command.Violations
	if vs.Code() != "" {
		t.Errorf("no violations have the code %q", vs.Code())
	}
	vs.Add("a", command.CodePhoneInvalid, "is wrong")
	vs.Add("b", command.CodePhoneInvalid, "is wrong too")
	if vs.Code() != command.CodePhoneInvalid || vs.Error() != "a: is wrong; b: is wrong too" {
		t.Errorf("got %q, %q", vs.Code(), vs.Error())
	}
	vs.Add("c", command.CodeConsentMissing, "is missing")
	if vs.Code() != command.CodeCommandInvalid {
		t.Errorf("mixed violations have the code %q", vs.Code())
	}
}
