package banksim

import (
	"math/big"

	"bankprocessor/internal/command"
)

// offer is what a loan costs, each figure rounded half up at its last digit.
type offer struct {
	instalment Money           // per month
	total      Money           // of all instalments
	annualCost command.Decimal // percent per year with the taxes, four digits
	defaulted  command.Decimal // percent per year in default
}

// price computes an annuity whose monthly rate carries both taxes on the interest
// (contract section 3.7, "unit proof").
func (p LoanProduct) price() offer {
	percent := func(m Money) *big.Rat { return big.NewRat(int64(m), 100*100) }
	one := big.NewRat(1, 1)
	taxes := new(big.Rat).Add(percent(p.Bsmv), percent(p.Kkdf))
	taxes.Add(taxes, one)
	rate := new(big.Rat).Mul(percent(p.MonthlyRate), taxes)
	growth := power(new(big.Rat).Add(one, rate), p.Months)

	// principal · rate · growth / (growth − 1)
	instalment := new(big.Rat).SetInt64(int64(p.Principal))
	instalment.Mul(instalment, rate).Mul(instalment, growth)
	instalment.Quo(instalment, new(big.Rat).Sub(growth, one))
	perMonth := Money(roundHalfUp(instalment, 0).Int64())

	year := new(big.Rat).Sub(power(new(big.Rat).Add(one, rate), 12), one)
	year.Mul(year, big.NewRat(100, 1))
	inDefault := new(big.Rat).Mul(big.NewRat(int64(p.MonthlyRate), 100), big.NewRat(12*130, 100))
	return offer{
		instalment: perMonth,
		total:      perMonth * Money(p.Months),
		annualCost: command.NewDecimal(roundHalfUp(year, 4).Int64(), 4),
		defaulted:  command.NewDecimal(roundHalfUp(inDefault, 3).Int64(), 3),
	}
}

func power(base *big.Rat, n int64) *big.Rat {
	exponent := big.NewInt(n)
	return new(big.Rat).SetFrac(
		new(big.Int).Exp(base.Num(), exponent, nil), new(big.Int).Exp(base.Denom(), exponent, nil))
}
