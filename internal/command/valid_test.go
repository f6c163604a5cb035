package command_test

import (
	"time"

	"bankprocessor/internal/command"
)

// noon is far from Istanbul's midnight: 12:00 there.
var noon = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

var today = command.Date{Year: 2026, Month: 3, Day: 10}

var rules = command.Rules{Now: noon, MaxRangeDays: 31}

func amount(s string) *command.Decimal {
	d, err := command.ParseDecimal(s)
	if err != nil {
		panic(err)
	}
	return &d
}

func validCreate() *command.CreateCustomer {
	return &command.CreateCustomer{
		FlowReference: "flow-1", PhoneNumber: "+90 555 999 99 99", CitizenshipNumber: "10000000146",
		Email: "ayse@example.com", Fatca: new(false), USCustomer: new(false), KVKKApproved: new(true),
		NotificationOnUpdate: true,
	}
}

func validAddress() *command.Address {
	return &command.Address{
		Type: "WorkAddress", TypeCode: "2", Country: "Türkiye", CountryCode: "90", City: "İstanbul", CityCode: "34",
		Town: "Pendik", TownCode: "34000020000", District: "Sanayi Mah", DistrictCode: "34000020003",
		Street: "1. Sokak", StreetCode: "22228359", AddressDetail: "No: 1",
	}
}

func validUpdate() *command.UpdateCustomer {
	coded := command.CodedName{Name: "ÜNİVERSİTE", Code: new(int32(6))}
	return &command.UpdateCustomer{
		FlowReference: "flow-1", CustomerNumber: 5035266140, ProcessID: 2105170309000001,
		CitizenshipNumber: "10000000146", Education: coded, CompanyName: "ÖRNEK A.Ş.", Salary: amount("12345.0"),
		WorkingStatus: coded, JobTitle: coded, HomeStatus: coded, WorkAreaCode: new(int32(0)),
		JobAddress: validAddress(), HomeAddress: validAddress(), BranchID: "9860",
		SelectedAddress: "Home", CalculateLimit: new(false),
	}
}

func validComplete() *command.CompleteCustomer {
	return &command.CompleteCustomer{
		FlowReference: "flow-1", CustomerNumber: 5034971801, ProcessID: 2102260309000002,
		Email: "ayse@example.com", PhoneNumber: "5559999999", ApprovedAgent: new(false), CourierSelected: new(true),
	}
}

func validLimit() *command.QueryLimit {
	return &command.QueryLimit{
		CompanyCode: "SOLEN", DealerCode: "0222", InvoicesMonth: command.Date{Year: 2017, Month: 1, Day: 1},
	}
}

func validInvoice() *command.Invoice {
	return &command.Invoice{
		Operation: command.InsertInvoice, CompanyCode: "SOLEN", DealerCode: "0222", InvoiceNumber: "888888888849635547",
		InvoiceCurrency: "TRY", PaymentCurrency: "TRY", InvoiceDate: today, Amount: amount("900"),
		DueDate: today.AddDays(30), Maturity: command.Term, EntryType: command.Debit,
		Blockage: command.BlockageIncluded, ParametricCode: "V", Explanation: "deneme",
	}
}

func validResults() *command.QueryInvoiceResults {
	return &command.QueryInvoiceResults{CompanyCode: "SOLEN", FromDueDate: today, ToDueDate: today.AddDays(2)}
}

func validIncome() *command.SubmitIncome {
	return &command.SubmitIncome{
		IdentityNumber: "10000000146", ApplicationNumber: 89999999, EducationLevelCode: 6, ProfessionCode: 29,
		CampaignCode: 6000999999, MonthlyIncome: amount("50000.0"), BranchCode: "S00330",
		SectorCode: new(int32(1)), CustomerEmploymentStatus: new(int32(1)), ResidenceType: new(int32(1)),
	}
}

func validPayloads() []command.Payload {
	return []command.Payload{
		validCreate(), validUpdate(), validComplete(), validLimit(), validInvoice(), validResults(), validIncome(),
	}
}
