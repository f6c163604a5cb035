package loanapi

import (
	"errors"
	"fmt"

	"bankprocessor/internal/bankapi"
)

// Config is how to reach and treat the loan API. The HTTP base URL and the
// client's credentials have no default.
type Config struct {
	HTTP  bankapi.HTTPConfig  `yaml:"http"`
	Path  string              `yaml:"path"` // default /loan/personal/personalInfo
	Token bankapi.TokenConfig `yaml:"token"`
	// Loan and TokenCalls are the two operation groups.
	Loan       bankapi.GroupConfig `yaml:"loan"`
	TokenCalls bankapi.GroupConfig `yaml:"token_calls"`

	// The values that are known of the bank's enums; an empty list knows none
	// and warns of none. Any other value is sent with a warning (contract
	// section 11.9).
	SectorCodes        []int32 `yaml:"sector_codes"`
	EmploymentStatuses []int32 `yaml:"employment_statuses"` // default 1 to 4
	ResidenceTypes     []int32 `yaml:"residence_types"`     // default 1 to 6
}

// WithDefaults fills in what is not set.
func (c Config) WithDefaults() Config {
	c.HTTP = c.HTTP.WithDefaults()
	c.Loan = c.Loan.WithDefaults()
	c.TokenCalls = c.TokenCalls.WithDefaults()
	if c.Path == "" {
		c.Path = "/loan/personal/personalInfo"
	}
	if c.Token.Path == "" {
		c.Token.Path = "/auth/oauth/v2/token"
	}
	if c.Token.Scope == "" {
		c.Token.Scope = "loan"
	}
	if c.EmploymentStatuses == nil {
		c.EmploymentStatuses = []int32{1, 2, 3, 4}
	}
	if c.ResidenceTypes == nil {
		c.ResidenceTypes = []int32{1, 2, 3, 4, 5, 6}
	}
	return c
}

// Validate returns every fault of a config that has its defaults, joined.
func (c Config) Validate() error {
	var errs []error
	in := func(section string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", section, err))
		}
	}
	in("http", c.HTTP.Validate())
	in("token", c.Token.Validate())
	in("loan", c.Loan.Validate())
	in("token_calls", c.TokenCalls.Validate())
	if c.Path == "" || c.Path[0] != '/' {
		errs = append(errs, errors.New("path: want a path that begins with a slash"))
	}
	return errors.Join(errs...)
}
