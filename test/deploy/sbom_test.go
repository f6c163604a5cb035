package deploy

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"
)

type bill struct {
	SpecVersion string `json:"specVersion"`
	Metadata    struct{ Component component }
	Components  []component
}

type component struct {
	Name, Version, PURL string
	Hashes              []struct{ Alg, Content string }
}

// The bill of materials names every module that the linker says is in the program, with
// its version, and the program itself by its digest.
func TestTheSBOMNamesEveryModule(t *testing.T) {
	t.Parallel()
	binary := build(t, "1.2.3")
	file := filepath.Join(t.TempDir(), "sbom.json")
	run(t, tool(t, "sbom"), binary, file)
	var b bill
	if err := json.Unmarshal([]byte(read(t, file)), &b); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(read(t, binary)))
	if h := b.Metadata.Component.Hashes; b.SpecVersion != "1.6" || len(h) != 1 || h[0].Content != hex.EncodeToString(digest[:]) {
		t.Errorf("CycloneDX %s of %+v", b.SpecVersion, b.Metadata)
	}
	named := map[string]component{}
	for _, c := range b.Components {
		named[c.Name] = c
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil || len(info.Deps) < 20 {
		t.Fatalf("the program has %d modules, %v", len(info.Deps), err)
	}
	for _, m := range info.Deps {
		c := named[m.Path]
		if c.Version != m.Version || c.PURL != "pkg:golang/"+m.Path+"@"+m.Version || len(c.Hashes) != 1 {
			t.Errorf("%s %s is %+v", m.Path, m.Version, c)
		}
	}
	if "go"+named["std"].Version != info.GoVersion {
		t.Errorf("Go is %+v, want %s", named["std"], info.GoVersion)
	}
	if len(b.Components) != len(info.Deps)+1 {
		t.Errorf("%d are named, and there are %d", len(b.Components), len(info.Deps)+1)
	}
	again := filepath.Join(t.TempDir(), "sbom.json")
	run(t, tool(t, "sbom"), binary, again)
	if read(t, file) != read(t, again) {
		t.Error("the same program has another bill")
	}
}
