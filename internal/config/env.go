package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const envPrefix = "PROCESSOR_"

// serviceLink matches the variables that Kubernetes sets in every pod for a
// service called "processor"; they are not ours.
var serviceLink = regexp.MustCompile(`^PROCESSOR(_SERVICE_HOST|_SERVICE_PORT(_[A-Z0-9_]+)?|_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// override sets the keys that environ ("NAME=value") names. A variable that
// holds a secret which the configuration refers to may have any name.
func (b *binding) override(environ []string) []Fault {
	var faults []Fault
	byVariable := make(map[string]key, len(b.keys))
	for _, k := range b.keys {
		byVariable[k.variable()] = k
	}
	var unknown []string
	for _, assignment := range slices.Sorted(slices.Values(environ)) {
		name, text, _ := strings.Cut(assignment, "=")
		if !strings.HasPrefix(name, envPrefix) || name == OperatorVariable || serviceLink.MatchString(name) {
			continue
		}
		k, ok := byVariable[name]
		if !ok {
			unknown = append(unknown, name)
			continue
		}
		if wrong := k.setText(text); wrong != "" {
			faults = append(faults, Fault{Key: k.path, Variable: name, Message: wrong})
		}
	}
	holdsSecret := b.secretVariables()
	for _, name := range unknown {
		if !holdsSecret[name] {
			faults = append(faults, Fault{Variable: name, Message: b.unknownVariable(name)})
		}
	}
	return faults
}

// setText sets the key from one text, as an environment variable has it.
func (k key) setText(text string) string {
	if k.shape == single {
		return k.set([]item{{text: text}})
	}
	var items []item
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		it := item{text: part}
		if k.shape == mapping {
			name, value, ok := strings.Cut(part, "=")
			if !ok {
				return fmt.Sprintf("%q; want key=value,key=value", part)
			}
			it = item{key: strings.TrimSpace(name), text: strings.TrimSpace(value)}
		}
		items = append(items, it)
	}
	return k.set(items)
}

func (b *binding) unknownVariable(name string) string {
	for section := range b.secrets {
		if b.secrets[section] && name == (key{path: section}).variable() {
			return secretInClear
		}
	}
	names := make([]string, 0, len(b.keys))
	for _, k := range b.keys {
		names = append(names, k.variable())
	}
	if near := closest(name, names); near != "" {
		return fmt.Sprintf("no key has this variable; did you mean %s?", near)
	}
	return "no key has this variable"
}

// secretVariables are the names that the configuration's secrets refer to.
func (b *binding) secretVariables() map[string]bool {
	names := map[string]bool{}
	for section, secret := range b.secrets {
		if k, ok := b.byPath[section+".env"]; secret && ok {
			names[k.value.String()] = true
		}
	}
	return names
}
