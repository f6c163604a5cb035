#!/usr/bin/env bash
# What the tests of this directory are run with, in out/deploy: programs that are built
# from tools/deploy/go.mod, and the schemas of Kubernetes' objects. Needs Go and pip;
# does nothing where all of it is there. The first time takes one or two minutes.
#
#   bin/                    helm, kubeconform, and ours: composecheck, deb, sbom
#   kubernetes/             JSON schemas of Kubernetes, from the package kubernetes-validate
#   crds/                   definitions of KEDA's and the Prometheus operator's objects
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
kept="$root/out/deploy"
kubernetes=1.37.0
keda=github.com/kedacore/keda/v2@v2.21.0
operator=github.com/prometheus-operator/prometheus-operator@v0.85.0
# What Helm takes a cluster for that it does not ask, as its own builds do.
helm_says="-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37"
mkdir -p "$kept/bin"

build() {
	go build -C "$root/tools/deploy" -ldflags "-s -w $helm_says" -o "$kept/bin/" \
		helm.sh/helm/v3/cmd/helm github.com/yannh/kubeconform/cmd/kubeconform ./composecheck ./deb ./sbom
}

# The package's schemas refer to each other by addresses on the net; here by file.
schemas() {
	local work
	if [ -d "$kept/kubernetes" ]; then return; fi
	work="$(mktemp -d)"
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "kubernetes-validate==$kubernetes"
	(cd "$work" && python3 -m zipfile -e ./*.whl .)
	python3 - "$work/kubernetes_validate/kubernetes-json-schema" <<-'PYTHON'
		import json, pathlib, sys
		for file in pathlib.Path(sys.argv[1]).glob("*-local-strict/*.json"):
		    schema = json.loads(file.read_text())
		    schema.pop("$id", None)
		    file.write_text(json.dumps(schema).replace("/api/_definitions.json", "_definitions.json"))
	PYTHON
	rm -rf "$work"/kubernetes_validate/kubernetes-json-schema/*-local
	mv "$work/kubernetes_validate/kubernetes-json-schema" "$kept/kubernetes"
	rm -rf "$work"
}

# Prints where a module's files are.
module() { go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

crds() {
	if [ -d "$kept/crds" ]; then return; fi
	local keda_dir operator_dir
	keda_dir="$(module $keda)"
	operator_dir="$(module $operator)"
	mkdir "$kept/crds.new"
	cp "$keda_dir"/config/crd/bases/keda.sh_{scaledobjects,triggerauthentications}.yaml \
		"$operator_dir"/example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,servicemonitors,prometheusrules}.yaml "$kept/crds.new"
	mv "$kept/crds.new" "$kept/crds"
}

schemas &
fetching=$!
crds
build
wait "$fetching"
