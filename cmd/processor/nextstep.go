package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"

	"bankprocessor/internal/config"
	"bankprocessor/internal/kafka"
	"bankprocessor/internal/registry"
)

// nextStep names what to do about an error, "" where the error itself does or
// nobody can tell.
func nextStep(err error) string {
	setting, denied := (*kafka.SettingError)(nil), (*kafka.DeniedError)(nil)
	checked, path := (*checkError)(nil), (*fs.PathError)(nil)
	switch {
	case errors.As(err, &setting), errors.As(err, &denied):
		return "" // they say what to set, or to grant
	case errors.As(err, &checked) && checked.faults == 0:
		return "" // each finding says it
	case checked != nil, config.IsFault(err):
		return "docs/reference/config.md has every key and what it takes."
	case errors.Is(err, syscall.EADDRINUSE):
		return "Something listens there already: end it, or take another port."
	case errors.Is(err, os.ErrPermission):
		return "This user may not do that with the file: change its mode or owner, or run as another."
	case errors.Is(err, os.ErrExist):
		return "Nothing is overwritten: give another name, or move the file away."
	case errors.As(err, &path):
		return "Mend the path: no such file can be used."
	}
	return unreached(err)
}

// unreached names what to do about somebody who cannot be reached.
func unreached(err error) string {
	who, where := "Kafka (`processor dev` runs one for a try)", "kafka.brokers (--brokers)"
	if away := (*registry.AwayError)(nil); errors.As(err, &away) {
		who, where = "the registry", "registry.urls (--registry)"
	}
	noTLS, noHost := tls.RecordHeaderError{}, (*net.DNSError)(nil)
	timeout := net.Error(nil)
	switch {
	case errors.As(err, &noTLS):
		return "Who listens there speaks no TLS: look at " + where + " and what it says of TLS."
	case errors.As(err, &noHost):
		return "That host's name is not known: mend " + where + ", or the resolver."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens there: start " + who + ", or mend " + where + "."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "Somebody is there and silent, or nobody is: look at " + where + ", at firewalls, and whether the other side speaks TLS as configured."
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "The other side hangs up: it may want SASL (kafka.sasl) or TLS (kafka.tls); look at " + where + "."
	}
	return ""
}
