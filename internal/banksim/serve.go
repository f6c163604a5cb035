package banksim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

const stopTimeout = 5 * time.Second

// Serve serves Handler on the listener until ctx ends, and then waits at most 5
// seconds for calls under way: they wait for no latency any more, and hung ones
// end without an answer. It closes the listener. It ends by itself when the ledger
// file can not be written any more.
// With a TLS configuration it speaks HTTP/2 too; client certificates are the
// configuration's ClientAuth and ClientCAs. nil serves plain HTTP/1.1.
func (b *Bank) Serve(ctx context.Context, listener net.Listener, tlsConfig *tls.Config) error {
	// Calls under way outlive ctx: they are told to hurry instead.
	calls := context.WithValue(context.WithoutCancel(ctx), stopKey{}, ctx.Done())
	server := &http.Server{
		Handler:           b.Handler(),
		TLSConfig:         tlsConfig.Clone(), // net/http writes into it
		ReadHeaderTimeout: 10 * time.Second,
		// No ReadTimeout: net/http would end a hanging call's context with it.
		IdleTimeout: 2 * time.Minute,
		// A caller whose handshake is refused is told so; the rest is nobody's.
		ErrorLog:    log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context { return calls },
	}
	failed := make(chan error, 1)
	go func() {
		if tlsConfig != nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serving the bank: %w", err)
	case <-b.writer.failed:
		err := errors.Join(b.writer.trouble(), server.Close())
		<-failed //nolint:errcheck // only awaited: it is http.ErrServerClosed
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	<-failed //nolint:errcheck // only awaited: it is http.ErrServerClosed
	if err != nil {
		return fmt.Errorf("stopping the bank: %w", err)
	}
	return nil
}
