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

// listening stands before the address in a part's first line of output.
const listening = "listening at "

// verb is the first argument of a program that is to be a part.
const verb = "part"

var parts = map[string]func(context.Context, io.Writer) error{
	"bank":   serveBank,
	"broker": serveBroker,
}

// Run is what a benchmark's main calls first: it is true when the program was
// started to be a part, and has been one until ctx ended.
func Run(ctx context.Context, arguments []string, out io.Writer) (ran bool, err error) {
	if len(arguments) != 2 || arguments[0] != verb {
		return false, nil
	}
	serve, known := parts[arguments[1]]
	if !known {
		return true, fmt.Errorf("there is no part %q", arguments[1])
	}
	return true, serve(ctx, out)
}

// start starts this program again as a part and returns where it listens.
func start(ctx context.Context, dir, part string) (*process.Process, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("finding this program: %w", err)
	}
	p, err := process.Start(dir, part, self, verb, part)
	if err != nil {
		return nil, "", err
	}
	address, err := p.Await(ctx, listening)
	if err != nil {
		_ = p.Stop(0)
		return nil, "", err
	}
	return p, address, nil
}
