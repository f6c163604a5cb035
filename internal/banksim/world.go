package banksim

// DefaultWorld is the world of the package documentation: the page's company
// SOLEN with its dealer 0222 and one dealer per code that a dealer can cause,
// named after the code, and a second company that collects in TRY alone.
func DefaultWorld() World {
	rich := func(code, name string) Dealer {
		return Dealer{
			Company: "SOLEN", Code: code, Name: name,
			Limit: Units(1_000_000), Balance: Units(500_000),
			FXAccounts: map[string]Money{"USD": Units(20_000), "EUR": Units(20_000)},
		}
	}
	with := func(code, name string, change func(*Dealer)) Dealer {
		d := rich(code, name)
		change(&d)
		return d
	}
	failing := func(code string) Dealer {
		return with("D"+code, "Arızalı Bayi "+code, func(d *Dealer) { d.FailWith = code })
	}
	return World{
		Companies: []Company{
			{Code: "SOLEN", CustomerNo: 955807, Currencies: []string{"TRY", "USD", "EUR"}},
			{Code: "MERAM", CustomerNo: 955808, Currencies: []string{"TRY"}},
		},
		Dealers: []Dealer{
			rich("0222", "Örnek Bayi"),
			with("D101", "Bakiyesiz Bayi", func(d *Dealer) { d.Balance, d.FXAccounts = 0, map[string]Money{"USD": 0} }),
			with("D102", "Talimatsız Bayi", func(d *Dealer) { d.NoPaymentOrder = true }),
			with("D115", "Kapalı Hesaplı Bayi", func(d *Dealer) { d.AccountClosed = true }),
			with("D116", "KMH'sız Bayi", func(d *Dealer) { d.NoOverdraft = true }),
			with("D129", "Küçük Limitli Bayi", func(d *Dealer) { d.Limit = Units(100) }),
			with("D130", "Az Bakiyeli Bayi", func(d *Dealer) { d.Balance = Units(50) }),
			with("D131", "Limitsiz Bayi", func(d *Dealer) { d.NoLimit = true }),
			with("D132", "YP Hesapsız Bayi", func(d *Dealer) { d.FXAccounts = nil }),
			failing("117"), failing("118"), failing("119"), failing("125"), failing("133"), failing("999"),
			{Company: "MERAM", Code: "M001", Name: "Meram Bayi", Limit: Units(10_000), Balance: Units(10_000)},
		},
	}
}
