// Package parts has what a benchmark surrounds its contenders with: a broker, real
// or embedded, and a bank that costs next to nothing. Each runs in a process of
// its own, for which a benchmark's program starts itself again.
package parts

import (
	"context"
	"fmt"
	"io"
	"os"

	"bankprocessor/bench/process"
)

// Listening stands before the address in a part's first line of output.
const Listening = "listening at "

// verb is the first argument of a program that is to be a part.
const verb = "part"

// Part is a program that runs until ctx ends. Once others can use it, it prints a
// line that begins with Listening.
type Part func(ctx context.Context, out io.Writer, arguments []string) error

var own = map[string]Part{
	"bank":   serveBank,
	"broker": serveBroker,
}

// Run is what a benchmark's main calls first, with further parts of its own: it is
// true when the program was started to be a part, and has been one until ctx ended.
func Run(ctx context.Context, arguments []string, out io.Writer, further map[string]Part) (ran bool, err error) {
	if len(arguments) < 2 || arguments[0] != verb {
		return false, nil
	}
	serve, known := own[arguments[1]]
	if !known {
		serve, known = further[arguments[1]]
	}
	if !known {
		return true, fmt.Errorf("there is no part %q", arguments[1])
	}
	return true, serve(ctx, out, arguments[2:])
}

// Command is how this program is started again to be a part.
func Command(part string, arguments ...string) (program string, all []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("finding this program: %w", err)
	}
	return self, append([]string{verb, part}, arguments...), nil
}

// start starts this program again as a part and returns where it listens.
func start(ctx context.Context, dir, part string, arguments ...string) (*process.Process, string, error) {
	self, all, err := Command(part, arguments...)
	if err != nil {
		return nil, "", err
	}
	p, err := process.Start(dir, part, self, all...)
	if err != nil {
		return nil, "", err
	}
	address, err := p.Await(ctx, Listening)
	if err != nil {
		_ = p.Stop(0)
		return nil, "", err
	}
	return p, address, nil
}
