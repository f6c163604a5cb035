package deploy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bankprocessor/test/containers"
)

// conform holds manifests to the schemas of one version of Kubernetes (1.37.0) and of
// the custom resources, as the API server would: what a schema does not know is wrong.
func conform(t *testing.T, version, manifests string) ended {
	t.Helper()
	kubernetes := absolute(t, tools) + "/kubernetes"
	if _, err := os.Stat(kubernetes); err != nil {
		containers.NeedProgram(t, kubernetes) // the verdict on what is missing
	}
	return execute(t, manifests, tool(t, "kubeconform"), "-strict", "-summary", "-kubernetes-version", version,
		"-schema-location", kubernetes+"/{{.NormalizedKubernetesVersion}}-local-strict/{{.ResourceKind}}{{.KindSuffix}}.json",
		"-schema-location", customResources(t)+"/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json")
}

// customResources makes JSON schemas of the definitions that tools.sh has fetched, and
// returns their directory.
func customResources(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(tools + "/crds/*.yaml")
	if err != nil || len(files) == 0 {
		containers.NeedProgram(t, tools+"/crds")
	}
	dir := t.TempDir()
	for _, file := range files {
		for _, definition := range documents(t, read(t, file)) {
			kind := strings.ToLower(at(definition, "spec", "names", "kind").(string))
			for _, version := range at(definition, "spec", "versions").([]any) {
				schema := at(version, "schema", "openAPIV3Schema")
				// Every object has these, which a definition leaves to Kubernetes.
				at(schema, "properties", "metadata").(object)["properties"] = object{
					"name": object{}, "namespace": object{}, "labels": object{}, "annotations": object{},
				}
				text, err := json.Marshal(strict(schema))
				if err != nil {
					t.Fatal(err)
				}
				name := kind + "_" + at(version, "name").(string) + ".json"
				if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return dir
}

// strict closes every object of a schema that lists its properties, and lets numbers be
// what Kubernetes lets them be.
func strict(schema any) any {
	switch s := schema.(type) {
	case []any:
		for i := range s {
			s[i] = strict(s[i])
		}
	case object:
		for key, value := range s {
			s[key] = strict(value)
		}
		_, lists := s["properties"].(object)
		_, open := s["additionalProperties"]
		if lists && !open && s["x-kubernetes-preserve-unknown-fields"] != true && s["type"] == "object" {
			s["additionalProperties"] = false
		}
		if s["x-kubernetes-int-or-string"] == true {
			delete(s, "type")
			delete(s, "format")
		}
	}
	return schema
}
