package follow

import "time"

// Setting is a setting whose files are followed, for whoever watches over all of
// them: a change that cannot be used must not go unnoticed.
type Setting struct {
	// Path is its key in the configuration, such as "kafka.tls.ca_file".
	Path string
	// Look reads the files if they have changed. Its error says why what they hold
	// now is not in use.
	Look func() error
	// NotAfter is when what is in use runs out; nil for what does not.
	NotAfter func() time.Time
}
