// Package telemetry holds logging and metrics: a slog logger that lets no
// personal data through, and the Prometheus metrics of the processor.
//
// It knows nothing of the domain. internal/app translates what the rooms tell
// their observers into these metrics, and bounds every label while doing so: a
// label value is always a constant of the code or a name from the
// configuration, never something that came in a command or from a bank.
package telemetry
