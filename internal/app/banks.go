package app

import (
	"fmt"
	"log/slog"
	"maps"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/bankapi/interapi"
	"bankprocessor/internal/bankapi/loanapi"
	"bankprocessor/internal/command"
	"bankprocessor/internal/config"
	"bankprocessor/internal/follow"
)

// banks are the clients of both banks behind one router.
type banks struct {
	router *bankapi.Router
	groups []*bankapi.Group
	idle   []func() // close the connections that nothing uses
	// followed are the files that the configuration's types do not tell.
	followed []follow.Setting
}

// groupInterAPIToken is the group of inter-API's token endpoint, where there is
// one.
const groupInterAPIToken = "interapi.token"

func newBanks(cfg config.Banks, o bankapi.Observer, log *slog.Logger) (*banks, error) {
	b := &banks{}
	methods, err := b.addInterAPI(cfg.InterAPI, o)
	if err != nil {
		return nil, config.Explain("banks.interapi", err)
	}
	loans, err := loanapi.New(cfg.LoanAPI, o, log)
	if err != nil {
		return nil, config.Explain("banks.loanapi", err)
	}
	b.groups = append(b.groups, loans.Groups()...)
	b.idle = append(b.idle, loans.CloseIdle)
	maps.Copy(methods, loans.Methods())
	b.router = bankapi.NewRouter(methods, o)
	return b, nil
}

func (b *banks) addInterAPI(cfg config.InterAPI, o bankapi.Observer) (map[command.Name]bankapi.Method, error) {
	client, err := bankapi.NewClient(cfg.HTTP)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	b.idle = append(b.idle, client.CloseIdle)
	deps := interapi.Deps{Client: client}
	for _, g := range []struct {
		name string
		cfg  bankapi.GroupConfig
		into **bankapi.Group
	}{
		{bankapi.GroupInterAPICustomer, cfg.Customer, &deps.Customer},
		{bankapi.GroupInterAPIDBSWrite, cfg.DBSWrite, &deps.DBSWrite},
		{bankapi.GroupInterAPIDBSRead, cfg.DBSRead, &deps.DBSRead},
	} {
		if *g.into, err = bankapi.NewGroup(g.name, g.cfg, o); err != nil {
			return nil, err
		}
		b.groups = append(b.groups, (*g.into).Over(client))
	}
	if cfg.Tokened() {
		if deps.Tokens, err = bankapi.NewTokens(cfg.Token, client, groupInterAPIToken, cfg.TokenCalls, nil, o); err != nil {
			return nil, fmt.Errorf("token: %w", err)
		}
		b.groups = append(b.groups, deps.Tokens.Group())
	}
	if cfg.SigningKeyFile != "" {
		signer, err := bankapi.NewRS256Signer(cfg.SigningKeyFile)
		if err != nil {
			return nil, fmt.Errorf("signing_key_file: %w", err)
		}
		b.followed = append(b.followed, signer.Followed("banks.interapi.signing_key_file"))
		deps.Client = client.WithSigner(signer)
	}
	return interapi.New(cfg.Config, deps)
}

func (b *banks) closeIdle() {
	for _, f := range b.idle {
		f()
	}
}
