// Package admin serves the one HTTP port that operators and probes look at:
// whether the process lives, whether it can do its work and if not why, its
// metrics, and a page for people. It listens on loopback unless told otherwise
// and changes nothing: there is no authentication because there is nothing to
// protect but numbers and names.
package admin
