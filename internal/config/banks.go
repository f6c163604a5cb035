package config

import (
	"errors"
	"fmt"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/interapi"
	"bankprocessor/internal/bankapi/loanapi"
)

// Banks are the two banks. They share nothing (contract section 1.1).
type Banks struct {
	InterAPI InterAPI       `yaml:"interapi"`
	LoanAPI  loanapi.Config `yaml:"loanapi"`
}

// WithDefaults fills in what is not set.
func (c Banks) WithDefaults() Banks {
	c.InterAPI = c.InterAPI.WithDefaults()
	c.LoanAPI = c.LoanAPI.WithDefaults()
	c.InterAPI.HTTP.Setting, c.LoanAPI.HTTP.Setting = "banks.interapi.http", "banks.loanapi.http"
	return c
}

// InterAPI is how to reach and treat inter-API.
type InterAPI struct {
	HTTP bankapi.HTTPConfig `yaml:"http"`
	interapi.Config
	// SigningKeyFile is the PEM key that signs every body; empty signs none.
	SigningKeyFile string `yaml:"signing_key_file"`
	// Token is for banks that want an access token beside the keys; without a
	// client id none is asked for.
	Token      bankapi.TokenConfig `yaml:"token"`
	TokenCalls bankapi.GroupConfig `yaml:"token_calls"`
	// The three operation groups.
	Customer bankapi.GroupConfig `yaml:"customer"`
	DBSWrite bankapi.GroupConfig `yaml:"dbs_write"`
	DBSRead  bankapi.GroupConfig `yaml:"dbs_read"`
}

// WithDefaults fills in what is not set.
func (c InterAPI) WithDefaults() InterAPI {
	c.HTTP = c.HTTP.WithDefaults()
	c.Config = c.Config.WithDefaults()
	if c.Token.Path == "" {
		c.Token.Path = "/auth/oauth/v2/token"
	}
	c.TokenCalls = c.TokenCalls.WithDefaults()
	c.Customer = c.Customer.WithDefaults()
	c.DBSWrite = c.DBSWrite.WithDefaults()
	c.DBSRead = c.DBSRead.WithDefaults()
	return c
}

// Tokened says whether calls carry an access token.
func (c InterAPI) Tokened() bool { return c.Token.ClientID != "" }

// Validate returns every fault of a config that has its defaults, joined.
func (c InterAPI) Validate() error {
	var errs []error
	in := func(section string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", section, err))
		}
	}
	in("http", c.HTTP.Validate())
	errs = append(errs, c.Config.Validate())
	if c.Tokened() || !c.Token.ClientSecret.IsZero() {
		in("token", c.Token.Validate())
	}
	in("token_calls", c.TokenCalls.Validate())
	in("customer", c.Customer.Validate())
	in("dbs_write", c.DBSWrite.Validate())
	in("dbs_read", c.DBSRead.Validate())
	return errors.Join(errs...)
}
