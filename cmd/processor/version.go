package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = ""

func versionCommand(t terminal) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "version", Short: "Prints version and build", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if output == formatJSON {
				return writeJSON(t, versionLine{buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
			}
			_, err := fmt.Fprintf(t.out, "processor %s %s %s/%s\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	addOutput(c, &output, formatText)
	return c
}

// versionLine is the version in JSON.
type versionLine struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// buildVersion is what the build was told, or what the go tool knows of it.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return info.Main.Version
}
