// Command deb makes the Debian package that .goreleaser.yaml describes, of a binary that
// has been built already: what a release contains can so be tested without
// goreleaser, whose build takes minutes.
//
//	deb VERSION BINARY FILE
//
// It runs in the project's root. The file is read as strictly as goreleaser does.
// Fields that it would have to expand as templates are refused.
package main

import (
	"fmt"
	"os"
	"path"
	"runtime"
	"strings"

	"github.com/goreleaser/goreleaser/v2/pkg/config"
	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: deb VERSION BINARY FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "deb: "+err.Error())
		os.Exit(1)
	}
}

func run(version, binary, file string) error {
	project, err := config.Load(".goreleaser.yaml")
	if err != nil {
		return fmt.Errorf("reading .goreleaser.yaml: %w", err)
	}
	if len(project.NFPMs) != 1 || len(project.Builds) == 0 {
		return fmt.Errorf(".goreleaser.yaml: want one package and a build")
	}
	info, err := describe(project.NFPMs[0], version)
	if err != nil {
		return err
	}
	info.Contents = append(info.Contents, &files.Content{
		Source: binary, Destination: path.Join(project.NFPMs[0].Bindir, project.Builds[0].Binary),
		FileInfo: &files.ContentFileInfo{Mode: 0o755},
	})
	if err := nfpm.PrepareForPackager(nfpm.WithDefaults(info), "deb"); err != nil {
		return fmt.Errorf("preparing the package: %w", err)
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	packager, err := nfpm.Get("deb")
	if err == nil {
		err = packager.Package(info, out)
	}
	if err != nil {
		_ = out.Close()
		return fmt.Errorf("making the package: %w", err)
	}
	return out.Close()
}

func describe(p config.NFPM, version string) (*nfpm.Info, error) {
	contents := files.Contents{}
	for _, c := range p.Contents {
		if strings.Contains(c.Source+c.Destination, "{{") {
			return nil, fmt.Errorf(".goreleaser.yaml: %s: templates are not expanded here", c.Destination)
		}
		contents = append(contents, &files.Content{
			Source: c.Source, Destination: c.Destination, Type: c.Type, Packager: c.Packager,
			FileInfo: &files.ContentFileInfo{Owner: c.FileInfo.Owner, Group: c.FileInfo.Group, Mode: c.FileInfo.Mode},
		})
	}
	return &nfpm.Info{
		Name: p.PackageName, Arch: runtime.GOARCH, Platform: "linux", Version: version,
		Section: p.Section, Priority: p.Priority, Maintainer: p.Maintainer, Description: p.Description,
		Vendor: p.Vendor, Homepage: p.Homepage, License: p.License,
		Overridables: nfpm.Overridables{
			Umask: p.Umask, Depends: p.Dependencies, Recommends: p.Recommends, Suggests: p.Suggests, Contents: contents,
			Scripts: nfpm.Scripts{
				PreInstall: p.Scripts.PreInstall, PostInstall: p.Scripts.PostInstall,
				PreRemove: p.Scripts.PreRemove, PostRemove: p.Scripts.PostRemove,
			},
		},
	}, nil
}
