// Package alerts holds the alert rules (deploy/prometheus), the dashboard
// (deploy/grafana) and the runbooks (docs/runbooks) to the metrics that the code has:
// a name, a label or a value that does not exist would be an alert that never fires.
//
// The dashboard is made of a source that people read; Render makes it. Read is all
// that is known of PromQL here: which series an expression reads, and within what.
// Whether it is PromQL at all says promtool.
package alerts
