package telemetry

import (
	"io"
	"log"
	"log/slog"
)

// WithholdStandardLog has the standard library's logger tell w that something was
// written to it, and not what. Nothing of ours uses that logger; net/http does, and
// it quotes what a bank sends unasked. It is for a process's main function.
func WithholdStandardLog(w io.Writer) {
	log.SetFlags(0)
	log.SetOutput(withheld{NewLogger(w, LogConfig{})})
}

type withheld struct{ log *slog.Logger }

func (w withheld) Write(p []byte) (int, error) {
	w.log.Warn("a library wrote to the standard log: its words are withheld, for they may quote a bank's answer", "bytes", len(p))
	return len(p), nil
}
