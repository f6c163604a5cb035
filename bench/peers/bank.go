package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// bank is a plain client of net/http that keeps as many connections as there are
// calls.
type bank struct {
	client *http.Client
	url    string
	body   []string // around the dealer and the invoice number
}

func newBank(o options) (*bank, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.ca != "" {
		pem, err := os.ReadFile(o.ca)
		if err != nil {
			return nil, fmt.Errorf("reading the bank's authority: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(o.http2)
	return &bank{
		url: o.bank, body: strings.Split(o.body, "{}"),
		client: &http.Client{Transport: &http.Transport{
			TLSClientConfig: config, Protocols: protocols, MaxIdleConnsPerHost: o.inFlight,
		}},
	}, nil
}

// post makes the call for a command and returns the bank's answer.
func (b *bank) post(ctx context.Context, key, number string) ([]byte, error) {
	_, dealer, _ := strings.Cut(key, "|")
	body := b.body[0] + dealer + b.body[1] + number + b.body[2]
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := b.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("calling the bank: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the bank refuses: %s", answer.Status)
	}
	return text, err
}

// Headers of commands and of outcomes.
const (
	headerID      = "ce_id"
	headerNumber  = "bench-number"
	headerSubject = "ce_subject"
	headerStatus  = "ce_status"
	succeeded     = "SUCCEEDED"
)
