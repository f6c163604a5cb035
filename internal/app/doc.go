// Package app builds the processor from its configuration, in one straight line,
// and takes it apart in reverse. It is where the rooms meet: what one room calls
// a record another calls a command, and only the adapters here know both.
//
// A setup that fails unwinds by the same path as a stop.
package app
