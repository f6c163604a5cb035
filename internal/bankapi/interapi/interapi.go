package interapi

import (
	"errors"
	"fmt"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/command"
	"bankprocessor/internal/secret"
)

// Deps are what the methods stand on.
type Deps struct {
	// Client posts to inter-API; it signs bodies if it was told to.
	Client *bankapi.Client
	// The three operation groups.
	Customer, DBSWrite, DBSRead *bankapi.Group
	// Tokens gives the access token of every call; nil sends none, which is what
	// the bank's own sample does.
	Tokens *bankapi.Tokens
}

// New builds the six methods. It reads the secrets and starts nothing. cfg takes
// its defaults first; the error lists all that is wrong with it, each by its key.
func New(cfg Config, deps Deps) (map[command.Name]bankapi.Method, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	appKey, err := open("app_key", cfg.AppKey)
	subscriptionKey, err2 := open("subscription_key", cfg.SubscriptionKey)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	at := func(name command.Name, group *bankapi.Group, resends int) endpoint {
		return endpoint{
			cfg: cfg, appKey: appKey, subscriptionKey: subscriptionKey,
			client: deps.Client, tokens: deps.Tokens, group: group.Operation(),
			url: deps.Client.URL(cfg.Paths[name]), write: !name.ReadOnly(), resends: resends,
		}
	}
	const (
		safe      = 3 // the bank returns the old flow, or the last write wins
		reconcile = 0
	)
	return map[command.Name]bankapi.Method{
		command.CustomerCreate:   &customerCreate{at(command.CustomerCreate, deps.Customer, safe)},
		command.CustomerUpdate:   &customerUpdate{at(command.CustomerUpdate, deps.Customer, safe)},
		command.CustomerComplete: &customerComplete{at(command.CustomerComplete, deps.Customer, reconcile)},
		command.DBSLimitQuery:    &dbsLimit{at(command.DBSLimitQuery, deps.DBSRead, reconcile)},
		command.DBSInvoiceUpsert: &dbsInvoice{at(command.DBSInvoiceUpsert, deps.DBSWrite, reconcile)},
		command.DBSInvoiceResultsQuery: &dbsResults{
			endpoint: at(command.DBSInvoiceResultsQuery, deps.DBSRead, reconcile),
			learned:  make(map[string]int),
		},
	}, nil
}

func open(key string, source secret.Source) (*secret.Live, error) {
	live, err := source.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return live, nil
}
