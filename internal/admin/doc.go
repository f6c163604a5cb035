// Package admin serves the one HTTP port that operators and probes look at:
// whether the process lives, whether it can do its work and if not why, its
// metrics, and the console or a page for people. It listens on loopback unless told
// otherwise. What is its own changes nothing: there is no authentication because there
// is nothing to protect but numbers and names. Whatever the console lets people do is
// the console's to guard.
package admin
