package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Files are the metrics of the files that are followed.
type Files struct {
	FileStale *prometheus.GaugeVec // setting: 1 while what its file holds is not in use
	NotAfter  *prometheus.GaugeVec // setting
}

func newFiles(f factory) Files {
	return Files{
		FileStale: f.gauge("file_stale",
			"1 while what the file of a secret, certificate or keyset holds cannot be used and the last good content is.", "setting"),
		NotAfter: f.gauge("certificate_not_after_timestamp_seconds",
			"When the certificate in use runs out; of several authorities, the one that runs out next.", "setting"),
	}
}
