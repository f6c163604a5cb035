// Package endtoend holds the suites that run the whole processor, or its bank
// side, against the simulator and an embedded broker over real TCP.
package endtoend
