package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"bankprocessor/internal/bankapi"
	"bankprocessor/internal/config"
)

// checkFiles reads every secret and certificate, each under its own key. What the
// configuration's faults have said already is not said again.
func checkFiles(cfg config.Config, faults *config.Faults) []Finding {
	var found []Finding
	for _, o := range cfg.Open() {
		f := Finding{Name: o.Path, Err: o.Err, Note: present(o.Path)}
		switch {
		case faults.Has(o.Path):
			continue
		case o.Err != nil:
		case o.NotAfter.IsZero():
		case time.Until(o.NotAfter) <= 0:
			f.Err = errors.New(expires(o.NotAfter) + ": renew it")
		default:
			f.Note = expires(o.NotAfter)
		}
		found = append(found, f)
	}
	return found
}

// present says why a bank's client secret is looked at where it stands and nowhere
// else.
func present(path string) string {
	if strings.HasPrefix(path, "banks.") && strings.HasSuffix(path, ".client_secret") {
		return "present; not tried, because wrong ones lock the application"
	}
	return "present"
}

func checkSigningKey(_ context.Context, cfg config.Config) []Finding {
	if cfg.Banks.InterAPI.SigningKeyFile == "" {
		return nil
	}
	_, err := bankapi.NewRS256Signer(cfg.Banks.InterAPI.SigningKeyFile)
	return []Finding{{Name: "banks.interapi.signing_key_file", Err: err, Note: "present"}}
}
