package deploy

import (
	"archive/tar"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bankprocessor/test/containers"
)

// restricted is how production runs the image: as its own user, nothing to write to, no
// capability and no way to more.
var restricted = []string{"--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
	// The demo keeps its bank's secrets in files, as production does.
	"--tmpfs", "/tmp"}

// The image does the whole job as a user without rights, on a file system that it cannot write to and
// with no network but its own loopback.
func TestTheImageRunsTheDemo(t *testing.T) {
	t.Parallel()
	image := containers.BuildProcessor(t)
	docker := containers.NeedProgram(t, "docker")
	var inspected []struct{ Config struct{ User string } }
	if err := json.Unmarshal([]byte(run(t, docker, "image", "inspect", image)), &inspected); err != nil || inspected[0].Config.User != "65532:65532" {
		t.Errorf("the image's user is %+v, %v", inspected, err)
	}
	demo := append(append([]string{"run"}, restricted...), "--network", "none", image, "demo")
	if out := run(t, docker, demo...); !strings.Contains(out, "\n") {
		t.Errorf("the demo says nothing: %q", out)
	}
	// Whoever gets in finds nothing to write to, and nothing to run.
	for _, program := range []string{"/bin/sh", "sh"} {
		args := append(append([]string{"run"}, restricted...), "--network", "none", "--entrypoint", program, image, "-c", "true")
		if e := execute(t, "", docker, args...); e.code != 127 {
			t.Errorf("%s: want 127, not found, got %d: %s", program, e.code, e.err)
		}
	}
	holdsNothingElse(t, docker, image)
}

// holdsNothingElse looks at the image's layers, since a container has files of the
// engine's beside them.
func holdsNothingElse(t *testing.T, docker, image string) {
	t.Helper()
	files := layers(t, docker, image)
	want := []string{"etc/", "etc/ssl/", "etc/ssl/certs/", "etc/ssl/certs/ca-certificates.crt", "processor", "tmp/"}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Errorf("the image holds %v, want %v", got, want)
	}
	if h := files["processor"]; h != nil && h.Mode&0o777 != 0o755 {
		t.Errorf("the program's mode is %o", h.Mode)
	}
	if h := files["tmp/"]; h != nil && h.Mode&0o7777 != 0o1777 {
		t.Errorf("the mode of /tmp is %o", h.Mode)
	}
}

// layers are the files of an image, by path; directories end in a slash.
func layers(t *testing.T, docker, image string) map[string]*tar.Header {
	t.Helper()
	save := exec.CommandContext(t.Context(), docker, "image", "save", image)
	out, err := save.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := save.Start(); err != nil {
		t.Fatal(err)
	}
	files := map[string]*tar.Header{}
	each(t, out, func(h *tar.Header, content io.Reader) {
		// Older engines write layer.tar, newer ones blobs of which some are layers.
		if strings.HasSuffix(h.Name, "layer.tar") || strings.HasPrefix(h.Name, "blobs/sha256/") && h.Size > 1<<16 {
			each(t, content, func(h *tar.Header, _ io.Reader) { files[h.Name] = h })
		}
	})
	if err := save.Wait(); err != nil {
		t.Fatalf("saving the image: %v", err)
	}
	return files
}

func each(t *testing.T, archive io.Reader, f func(*tar.Header, io.Reader)) {
	t.Helper()
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			_, _ = io.Copy(io.Discard, archive) // what follows the end
			return
		}
		if err != nil {
			t.Fatalf("reading an archive: %v", err)
		}
		f(h, r)
	}
}

// The program needs no file beside it: no loader, no library.
func TestTheProgramIsStatic(t *testing.T) {
	t.Parallel()
	program, err := elf.Open(build(t, "1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Close() }()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it wants a loader")
		}
	}
	if libraries, err := program.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("it wants %v, %v", libraries, err)
	}
}

// The first stage of the Dockerfile lays out what the last one, and the tests, expect.
func TestTheFirstStageLaysOutTheSame(t *testing.T) {
	t.Parallel()
	first, last, _ := strings.Cut(read(t, filepath.Join(root, "deploy/Dockerfile")), "\nFROM scratch\n")
	for _, part := range []string{
		"CGO_ENABLED=0 go build -trimpath", "-o /rootfs/processor ./cmd/processor",
		"cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/", "mkdir -m 1777 /rootfs/tmp",
	} {
		if !strings.Contains(first, part) {
			t.Errorf("the first stage has no %q", part)
		}
	}
	for _, part := range []string{"COPY --from=build /rootfs /\n", "USER 65532:65532\n", `ENTRYPOINT ["/processor"]`} {
		if !strings.Contains(last, part) {
			t.Errorf("the last stage has no %q", part)
		}
	}
	if strings.Count(first, "/rootfs/") != 4 {
		t.Error("the first stage lays out something that this test does not know")
	}
}
