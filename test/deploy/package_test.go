package deploy

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"bankprocessor/test/containers"
)

// debian makes the package of a version, of a program that says so.
func debian(t *testing.T, version string) (file string) {
	t.Helper()
	containers.NeedProgram(t, "dpkg-deb")
	file = filepath.Join(t.TempDir(), "bank-processor.deb")
	run(t, tool(t, "deb"), version, build(t, version), file)
	return file
}

// packaged are the files of a package with their modes, as dpkg-deb lists them.
func packaged(t *testing.T, file string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for line := range strings.Lines(run(t, "dpkg-deb", "--contents", file)) {
		f := strings.Fields(line)
		if f[1] != "root/root" {
			t.Errorf("somebody owns a file: %s", line)
		}
		files[strings.TrimPrefix(f[5], ".")] = f[0]
	}
	return files
}

func TestThePackageHoldsWhatItShould(t *testing.T) {
	t.Parallel()
	file := debian(t, "1.2.3")
	files := packaged(t, file)
	maps.DeleteFunc(files, func(name, _ string) bool {
		return strings.HasSuffix(name, "/") && name != "/etc/bank-processor/secrets/"
	})
	want := map[string]string{
		"/etc/bank-processor/processor.yaml":                   "-rw-r-----",
		"/etc/bank-processor/secrets/":                         "drwxr-x---",
		"/etc/default/bank-processor":                          "-rw-r--r--",
		"/usr/bin/processor":                                   "-rwxr-xr-x",
		"/usr/lib/systemd/system/bank-processor.service":       "-rw-r--r--",
		"/usr/lib/sysusers.d/bank-processor.conf":              "-rw-r--r--",
		"/usr/lib/tmpfiles.d/bank-processor.conf":              "-rw-r--r--",
		"/usr/share/bank-processor/prometheus/alerts.yaml":     "-rw-r--r--",
		"/usr/share/bank-processor/prometheus/recording.yaml":  "-rw-r--r--",
		"/usr/share/doc/bank-processor/deployment.md":          "-rw-r--r--",
		"/usr/share/doc/bank-processor/processor.example.yaml": "-rw-r--r--",
		"/usr/share/doc/bank-processor/production.md":          "-rw-r--r--",
	}
	runbooks, err := filepath.Glob(root + "/docs/runbooks/*.md")
	if err != nil || len(runbooks) == 0 {
		t.Fatalf("there are no runbooks: %v", err)
	}
	for _, runbook := range runbooks {
		want["/usr/share/doc/bank-processor/runbooks/"+filepath.Base(runbook)] = "-rw-r--r--"
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if files[name] != want[name] {
			t.Errorf("%s is %s, want %s", name, files[name], want[name])
		}
	}
	if len(files) != len(want) {
		t.Errorf("the package has %d files, want %d", len(files), len(want))
	}
	for field, want := range map[string]string{"Package": "bank-processor", "Version": "1.2.3", "Depends": "ca-certificates", "Architecture": strings.TrimSpace(run(t, "dpkg", "--print-architecture"))} {
		if got := strings.TrimSpace(run(t, "dpkg-deb", "--field", file, field)); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if got := strings.Fields(run(t, "dpkg-deb", "--info", file, "conffiles")); !slices.Equal(got, []string{"/etc/bank-processor/processor.yaml", "/etc/default/bank-processor"}) {
		t.Errorf("the files that are the operator's are %v", got)
	}
}

// machine is a directory that packages are installed in, with the scripts run on it.
type machine struct {
	t    *testing.T
	root string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	containers.NeedProgram(t, "systemd-sysusers")
	containers.NeedProgram(t, "systemd-tmpfiles")
	if os.Geteuid() != 0 {
		containers.NeedProgram(t, "this test as root") // the verdict on what is missing
	}
	m := machine{t, t.TempDir()}
	for _, dir := range []string{"updates", "info"} {
		if err := os.MkdirAll(filepath.Join(m.root, "var/lib/dpkg", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(m.root, "var/lib/dpkg/status"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m machine) dpkg(args ...string) {
	m.t.Helper()
	// There is no other package, and no shell to change the root to.
	run(m.t, "dpkg", append([]string{"--root=" + m.root, "--force-depends", "--force-script-chrootless", "--log=/dev/null"}, args...)...)
}

func (m machine) stat(path string) fs.FileInfo {
	m.t.Helper()
	info, err := os.Lstat(filepath.Join(m.root, path))
	if err != nil {
		m.t.Fatal(err)
	}
	return info
}

// A life of the package: installed, edited, upgraded, removed, purged.
func TestThePackageIsInstalledUpgradedAndRemoved(t *testing.T) {
	t.Parallel()
	first, second := debian(t, "1.2.3"), debian(t, "1.2.4")
	m := newMachine(t)
	const configuration, secret = "etc/bank-processor/processor.yaml", "etc/bank-processor/secrets/kafka-password"

	m.dpkg("--install", first)
	user := regexp.MustCompile(`(?m)^bank-processor:[^:]*:([0-9]+):([0-9]+):[^:]*:/:/usr/sbin/nologin$`).FindStringSubmatch(read(t, m.root+"/etc/passwd"))
	if user == nil {
		t.Fatalf("there is no user: %s", read(t, m.root+"/etc/passwd"))
	}
	for path, mode := range map[string]fs.FileMode{configuration: 0o640, filepath.Dir(secret): fs.ModeDir | 0o750} {
		info := m.stat(path)
		if owner := info.Sys().(*syscall.Stat_t); info.Mode() != mode || owner.Uid != 0 || !strings.HasSuffix(user[0], "nologin") || owner.Gid == 0 {
			t.Errorf("%s: %s of %d:%d, want %s of root and the processor's group", path, info.Mode(), owner.Uid, owner.Gid, mode)
		}
	}
	if target, err := os.Readlink(m.root + "/run/secrets/bank-processor"); err != nil || target != "/etc/bank-processor/secrets" {
		t.Errorf("the configuration's secrets are at %q, %v", target, err)
	}
	if got := run(t, m.root+"/usr/bin/processor", "version"); !strings.Contains(got, "1.2.3") {
		t.Errorf("the program says %q", got)
	}

	const edited = "# the operator's own\n"
	for path, content := range map[string]string{configuration: edited, secret: "kept"} {
		if err := os.WriteFile(filepath.Join(m.root, path), []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	m.dpkg("--install", second)
	if got := run(t, m.root+"/usr/bin/processor", "version"); !strings.Contains(got, "1.2.4") {
		t.Errorf("after the upgrade the program says %q", got)
	}
	m.dpkg("--remove", "bank-processor")
	if got := read(t, filepath.Join(m.root, configuration)); got != edited {
		t.Errorf("the operator's configuration is gone: %q", got)
	}
	if _, err := os.Stat(m.root + "/usr/bin/processor"); err == nil {
		t.Error("the program is still there")
	}
	m.dpkg("--purge", "bank-processor")
	if _, err := os.Stat(filepath.Join(m.root, configuration)); err == nil {
		t.Error("the configuration is still there")
	}
	if got := read(t, filepath.Join(m.root, secret)); got != "kept" {
		t.Errorf("a secret is gone: %q", got)
	}
}
