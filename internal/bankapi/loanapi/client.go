package loanapi

import (
	"fmt"
	"log/slog"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
)

// Client is the loan API. It is safe for concurrent use and owns no goroutine.
type Client struct {
	http   *bankapi.Client
	submit *submitIncome
}

// New builds a client; it connects to nothing yet. cfg takes its defaults
// first; the error lists all that is wrong with it, each by its key. o and log may
// be nil.
func New(cfg Config, o bankapi.Observer, log *slog.Logger) (*Client, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	client, err := bankapi.NewClient(cfg.HTTP)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	tokens, err := bankapi.NewTokens(cfg.Token, client, bankapi.GroupLoanToken, cfg.TokenCalls, judgeToken, o)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	group, err := bankapi.NewGroup(bankapi.GroupLoan, cfg.Loan, o)
	if err != nil {
		return nil, fmt.Errorf("loan: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Client{http: client, submit: &submitIncome{
		url: client.URL(cfg.Path), client: client, tokens: tokens, group: group.Over(client), log: log,
		sectors: cfg.SectorCodes, employments: cfg.EmploymentStatuses, residences: cfg.ResidenceTypes,
	}}, nil
}

// Methods returns the method of each command, for a bankapi.Router.
func (c *Client) Methods() map[command.Name]bankapi.Method {
	return map[command.Name]bankapi.Method{command.LoanIncomeSubmit: c.submit}
}

// Groups returns the operation groups, for health and console.
func (c *Client) Groups() []*bankapi.Group {
	return []*bankapi.Group{c.submit.group, c.submit.tokens.Group()}
}

// CloseIdle closes the connections that no call uses.
func (c *Client) CloseIdle() { c.http.CloseIdle() }
