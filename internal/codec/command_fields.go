package codec

import "bankprocessor/internal/command"

// newPayload returns an empty payload with the defaults that the schemas name.
func newPayload(name command.Name) command.Payload {
	switch name {
	case command.CustomerCreate:
		return &command.CreateCustomer{NotificationOnUpdate: true}
	case command.CustomerUpdate:
		return &command.UpdateCustomer{}
	case command.CustomerComplete:
		return &command.CompleteCustomer{}
	case command.DBSLimitQuery:
		return &command.QueryLimit{}
	case command.DBSInvoiceUpsert:
		return &command.Invoice{EntryType: command.Debit}
	case command.DBSInvoiceResultsQuery:
		return &command.QueryInvoiceResults{}
	case command.LoanIncomeSubmit:
		return &command.SubmitIncome{}
	}
	return nil
}

func commandFields(w walker, c *command.Command) {
	text(w, "commandId", &c.ID)
	w.moment("issuedAt", &c.IssuedAt)
	w.moment("expiresAt", &c.ExpiresAt)
	text(w, "correlationId", &c.CorrelationID)
	payloadFields(w, c.Payload)
}

func payloadFields(w walker, payload command.Payload) {
	switch p := payload.(type) {
	case *command.CreateCustomer:
		createCustomerFields(w, p)
	case *command.UpdateCustomer:
		updateCustomerFields(w, p)
	case *command.CompleteCustomer:
		completeCustomerFields(w, p)
	case *command.QueryLimit:
		queryLimitFields(w, p)
	case *command.Invoice:
		invoiceFields(w, p)
	case *command.QueryInvoiceResults:
		queryInvoiceResultsFields(w, p)
	case *command.SubmitIncome:
		submitIncomeFields(w, p)
	}
}

func createCustomerFields(w walker, p *command.CreateCustomer) {
	text(w, "flowReference", &p.FlowReference)
	text(w, "phoneNumber", &p.PhoneNumber)
	text(w, "citizenshipNumber", &p.CitizenshipNumber)
	text(w, "email", &p.Email)
	w.optFlag("fatca", &p.Fatca)
	w.optFlag("usCustomer", &p.USCustomer)
	w.optFlag("kvkkApproved", &p.KVKKApproved)
	w.flag("notificationOnUpdate", &p.NotificationOnUpdate)
	w.flag("existingFlowOnly", &p.ExistingFlowOnly)
}

func updateCustomerFields(w walker, p *command.UpdateCustomer) {
	text(w, "flowReference", &p.FlowReference)
	long(w, "customerNumber", &p.CustomerNumber)
	long(w, "processId", &p.ProcessID)
	text(w, "citizenshipNumber", &p.CitizenshipNumber)
	codedName(w, "education", &p.Education)
	text(w, "companyName", &p.CompanyName)
	w.decimal("salary", &p.Salary)
	codedName(w, "workingStatus", &p.WorkingStatus)
	codedName(w, "jobTitle", &p.JobTitle)
	codedName(w, "homeStatus", &p.HomeStatus)
	optShort(w, "workAreaCode", &p.WorkAreaCode)
	nested(w, "jobAddress", &p.JobAddress, addressFields)
	nested(w, "homeAddress", &p.HomeAddress, addressFields)
	nested(w, "contactAddress", &p.ContactAddress, addressFields)
	text(w, "branchId", &p.BranchID)
	text(w, "selectedAddress", &p.SelectedAddress)
	w.optFlag("calculateLimit", &p.CalculateLimit)
}

func codedName(w walker, name string, p *command.CodedName) {
	nested(w, name, &p, func(w walker, p *command.CodedName) {
		text(w, "name", &p.Name)
		optShort(w, "code", &p.Code)
	})
}

func addressFields(w walker, a *command.Address) {
	text(w, "type", &a.Type)
	text(w, "typeCode", &a.TypeCode)
	text(w, "country", &a.Country)
	text(w, "countryCode", &a.CountryCode)
	text(w, "city", &a.City)
	text(w, "cityCode", &a.CityCode)
	text(w, "town", &a.Town)
	text(w, "townCode", &a.TownCode)
	text(w, "district", &a.District)
	text(w, "districtCode", &a.DistrictCode)
	text(w, "districtType", &a.DistrictType)
	text(w, "street", &a.Street)
	text(w, "streetCode", &a.StreetCode)
	text(w, "addressDetail", &a.AddressDetail)
}

func completeCustomerFields(w walker, p *command.CompleteCustomer) {
	text(w, "flowReference", &p.FlowReference)
	long(w, "customerNumber", &p.CustomerNumber)
	long(w, "processId", &p.ProcessID)
	text(w, "email", &p.Email)
	text(w, "phoneNumber", &p.PhoneNumber)
	w.optFlag("approvedAgent", &p.ApprovedAgent)
	w.optFlag("courierSelected", &p.CourierSelected)
}

func queryLimitFields(w walker, p *command.QueryLimit) {
	text(w, "companyCode", &p.CompanyCode)
	text(w, "dealerCode", &p.DealerCode)
	w.day("invoicesMonth", &p.InvoicesMonth)
	long(w, "customerNumber", &p.CustomerNumber)
}

func invoiceFields(w walker, p *command.Invoice) {
	text(w, "operation", &p.Operation)
	text(w, "companyCode", &p.CompanyCode)
	text(w, "dealerCode", &p.DealerCode)
	text(w, "invoiceNumber", &p.InvoiceNumber)
	text(w, "invoiceCurrency", &p.InvoiceCurrency)
	text(w, "paymentCurrency", &p.PaymentCurrency)
	w.day("invoiceDate", &p.InvoiceDate)
	w.decimal("amount", &p.Amount)
	w.day("dueDate", &p.DueDate)
	w.day("previousDueDate", &p.PreviousDueDate)
	text(w, "maturity", &p.Maturity)
	text(w, "entryType", &p.EntryType)
	text(w, "blockage", &p.Blockage)
	text(w, "parametricCode", &p.ParametricCode)
	text(w, "explanation", &p.Explanation)
	text(w, "dealerName", &p.DealerName)
	text(w, "dealerSurname", &p.DealerSurname)
	long(w, "customerNumber", &p.CustomerNumber)
}

func queryInvoiceResultsFields(w walker, p *command.QueryInvoiceResults) {
	text(w, "companyCode", &p.CompanyCode)
	w.day("fromDueDate", &p.FromDueDate)
	w.day("toDueDate", &p.ToDueDate)
	long(w, "customerNumber", &p.CustomerNumber)
}

func submitIncomeFields(w walker, p *command.SubmitIncome) {
	text(w, "identityNumber", &p.IdentityNumber)
	long(w, "applicationNumber", &p.ApplicationNumber)
	short(w, "educationLevelCode", &p.EducationLevelCode)
	short(w, "professionCode", &p.ProfessionCode)
	long(w, "campaignCode", &p.CampaignCode)
	w.decimal("monthlyIncome", &p.MonthlyIncome)
	text(w, "branchCode", &p.BranchCode)
	optShort(w, "sectorCode", &p.SectorCode)
	optShort(w, "customerEmploymentStatus", &p.CustomerEmploymentStatus)
	optShort(w, "residenceType", &p.ResidenceType)
}
