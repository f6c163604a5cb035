package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"bankprocessor/internal/banksim"
)

type banksimFlags struct {
	address, cert, key, clientCA string
	ledger, duplicates, output   string
}

func banksimCommand(t terminal) *cobra.Command {
	var f banksimFlags
	c := &cobra.Command{
		Use: "banksim", Short: "Runs the bank simulator alone", Args: cobra.NoArgs,
		Long: "Runs a bank that keeps a ledger, follows the rules of both banks' methods and\n" +
			"misbehaves on request: see /_sim/. It takes these credentials and no others:\n" +
			"  app key           " + banksim.DefaultAppKey + "\n" +
			"  subscription key  " + banksim.DefaultSubscriptionKey + "\n" +
			"  client id         " + banksim.DefaultClientID + "\n" +
			"  client secret     " + banksim.DefaultClientSecret,
		RunE: func(c *cobra.Command, _ []string) error { return simulate(c.Context(), t, f) },
	}
	c.Flags().StringVar(&f.address, "address", "127.0.0.1:8080", "`HOST:PORT` to listen at")
	c.Flags().StringVar(&f.cert, "tls-cert", "", "PEM `FILE` with the server's certificate; none speaks plain HTTP")
	c.Flags().StringVar(&f.key, "tls-key", "", "PEM `FILE` with its key")
	c.Flags().StringVar(&f.clientCA, "tls-client-ca", "", "PEM `FILE` with the roots that client certificates must have")
	c.Flags().StringVar(&f.ledger, "ledger", "", "`FILE` to append every call and every change to, as NDJSON without personal\n"+
		"data, before the answer leaves; an existing one is gone on with. Lines outlive\n"+
		"the simulator, not the machine (no fsync). FILE.key recognises persons again")
	c.Flags().StringVar(&f.duplicates, "duplicates", string(banksim.DuplicatesRefused),
		"what becomes of a repeated insert or completion: refused, or by a bank that\n"+
			"does not see that it is one recorded again (`refused|recorded`)")
	oneOf(c, "duplicates", string(banksim.DuplicatesRefused), string(banksim.DuplicatesRecorded))
	addOutput(c, &f.output, formatText)
	c.MarkFlagsRequiredTogether("tls-cert", "tls-key")
	return c
}

func simulate(ctx context.Context, t terminal, f banksimFlags) (err error) {
	cfg := banksim.Config{LedgerFile: f.ledger, Duplicates: banksim.Duplicates(f.duplicates)}
	if err := cfg.WithDefaults().Validate(); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	tlsConfig, err := f.tls()
	if err != nil {
		return err
	}
	bank, err := banksim.Open(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bank.Close()) }()
	if bank.LedgerTorn() {
		fmt.Fprintf(t.err, "processor: %s ended in the middle of a line, which nobody was answered for: it is left out\n", f.ledger)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", f.address)
	if err != nil {
		return fmt.Errorf("starting the bank (--address): %w", err)
	}
	scheme := "http"
	if tlsConfig != nil {
		scheme = "https"
	}
	if err := f.announce(t, scheme+"://"+listener.Addr().String()); err != nil {
		return errors.Join(err, listener.Close())
	}
	return bank.Serve(ctx, listener, tlsConfig)
}

func (f banksimFlags) announce(t terminal, url string) error {
	if f.output == formatJSON {
		return writeJSON(t, map[string]string{"bank": url})
	}
	_, err := fmt.Fprintf(t.out, "bank simulator at %s\n", url)
	return err
}

func (f banksimFlags) tls() (*tls.Config, error) {
	if f.cert == "" {
		if f.clientCA != "" {
			return nil, fmt.Errorf("%w: --tls-client-ca needs --tls-cert", errUsage)
		}
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("reading certificate: %w", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	if f.clientCA == "" {
		return c, nil
	}
	roots, err := os.ReadFile(f.clientCA)
	if err != nil {
		return nil, fmt.Errorf("reading client roots: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(roots) {
		return nil, fmt.Errorf("reading client roots: no certificate in %s", f.clientCA)
	}
	return c, nil
}
