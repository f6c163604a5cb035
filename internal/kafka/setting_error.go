package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// SettingError is a refusal that a setting can mend: ClassAuth, unless it is a
// token endpoint that is away, which is ClassRetriable.
type SettingError struct {
	// Setting is the key or keys of the configuration, in full.
	Setting string
	// Broker is host:port, "" when no broker has spoken yet.
	Broker string
	// Problem says what is wrong with the setting.
	Problem string
	// Err is the cause; it may be nil.
	Err error

	passing bool
}

// Error begins with the setting.
func (e *SettingError) Error() string {
	text := e.Setting + ": " + e.Problem
	if e.Broker != "" {
		text += " (broker " + e.Broker + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *SettingError) Unwrap() error { return e.Err }

// at says which broker has spoken.
func at(broker string, err error) error {
	if err == nil {
		return nil
	}
	if e := (*SettingError)(nil); errors.As(err, &e) {
		e.Broker = broker
		return err
	}
	return fmt.Errorf("broker %s: %w", broker, err)
}

// blameTLS names the setting that a failed handshake speaks of, or returns err.
func (t TLS) blameTLS(err error) error {
	var inClear tls.RecordHeaderError
	key, problem, ok := t.Blame(err)
	switch {
	case errors.As(err, &inClear), !ok && closedOn(err):
		return &SettingError{Setting: "kafka.tls.enabled", Problem: "the listener ends the handshake as one without TLS does", Err: err}
	case ok && key == "":
		return &SettingError{Setting: "kafka.tls", Problem: problem, Err: err}
	case ok:
		return &SettingError{Setting: "kafka.tls." + key, Problem: problem, Err: err}
	}
	return err
}

// closedOn says whether the other side closed or reset the connection.
func closedOn(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}
