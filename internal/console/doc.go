// Package console is the operator's page on the admin port: what the processor does
// at this moment, live, and the dead letters with what a person may do about them.
//
//	internal/app ─ Reading, once a second ─► sampler ─ frame ─► hub ─ /live (server-sent events) ─► pages
//	                                            └─ five minutes ─► /live/history
//	deadletters.Desk ◄─ pages of dead letters, for those who have signed in
//
// The numbers are read, compared with those of ten seconds before and put into words
// once a second, whoever looks: a page that is opened shows the last five minutes. A
// cell of the page has a key, and both the page and the stream take its text from the
// same frame, so that they never differ. A message holds the cells that have changed;
// whoever does not keep up is let go, and begins again with a whole frame.
//
// What it refuses to do:
//   - Show what came in a command: the live page has numbers, and names of the code and
//     of the configuration.
//   - Run or style anything that is not a file of its own (Content-Security-Policy), or
//     take a text for markup.
//   - Keep more than a bounded number of pages, or a connection that does not read.
package console
