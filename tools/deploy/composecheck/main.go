// Command composecheck reads a compose file as `docker compose` does, variables and
// files included, and prints the project as JSON. It fails, naming what is wrong,
// where the file does not follow the Compose Specification.
//
//	composecheck FILE
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() { os.Exit(run(context.Background(), os.Args[1:])) }

func run(ctx context.Context, args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "usage: composecheck FILE")
		return 2
	}
	if err := check(ctx, args[0]); err != nil {
		fmt.Fprintln(os.Stderr, "composecheck: "+err.Error())
		return 1
	}
	return 0
}

func check(ctx context.Context, file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithWorkingDirectory(filepath.Dir(file)), cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv)
	if err != nil {
		return err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(project)
}
