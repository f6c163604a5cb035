package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// cell is one setting that contenders are measured in.
type cell struct {
	name       string
	partitions int
	keys       int
	zipf       float64 // the exponent of the keys' frequencies, 0 for equal ones
	latency    time.Duration
	slow       time.Duration // of one dealer in a thousand
	inFlight   int
	tls        string // "", tlsH1 or tlsH2
	rate       int    // commands per second, 0 for a backlog
	processes  int    // of one contender, in one group
	contenders []string
}

const (
	tlsH1 = "h1"
	tlsH2 = "h2"
)

// what most cells have.
const (
	usualKeys     = 10_000
	usualInFlight = 4096
)

func backlog(name string, latency time.Duration, partitions int, contenders []string, change ...func(*cell)) cell {
	c := cell{
		name: name, partitions: partitions, keys: usualKeys, latency: latency, inFlight: usualInFlight, processes: 1, contenders: contenders,
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// ours are the yardstick and the processor, with and without attempts.
func ours() []string { return []string{nameCeiling, nameProcessor, nameAttempts} }

func cells() []cell {
	var all []cell
	for _, latency := range []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond} {
		for _, partitions := range []int{1, 6, 48} {
			all = append(all, backlog(fmt.Sprintf("backlog, bank %s, partitions %d", latency, partitions), latency, partitions, ours()))
		}
	}
	return all
}

// quick is the cell of --quick and of the gate.
func quick() cell {
	return backlog("backlog, bank 5ms, partitions 6", 5*time.Millisecond, 6, []string{nameCeiling, nameProcessor})
}

// chosen are the cells that a plan asks for, with the contenders that it asks for.
func chosen(p plan) []cell {
	all := cells()
	if p.quick || p.gate != "" {
		all = []cell{quick()}
	}
	var found []cell
	for _, c := range all {
		c.contenders = slices.DeleteFunc(slices.Clone(c.contenders), func(name string) bool { return !p.contenders.matches(name) })
		if p.only.matches(c.name) && len(c.contenders) > 0 {
			found = append(found, c)
		}
	}
	return found
}

func printList(out io.Writer, p plan) {
	for _, c := range p.cells {
		fmt.Fprintf(out, "%s: %s\n", c.name, strings.Join(c.contenders, ", "))
	}
}
