package config

import "strings"

// split parts a path into its section and its last name.
func split(path string) (parent, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// children are the names directly below a section.
func (b *binding) children(section string) []string {
	var names []string
	for path := range b.sections {
		if parent, name := split(path); parent == section {
			names = append(names, name)
		}
	}
	for _, k := range b.keys {
		if parent, name := split(k.path); parent == section {
			names = append(names, name)
		}
	}
	return names
}
