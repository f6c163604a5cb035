// Package config loads the processor's configuration once: defaults, then one
// YAML file, then environment variables. Every package owns its own Config with
// WithDefaults and Validate; this one binds them to keys, and reports every
// fault at once, with the key, the line and what was wanted.
//
// A key's name is the path of its fields in lower snake case, such as
// "banks.interapi.http.base_url". Its environment variable is the same path in
// upper case behind PROCESSOR_, with "_" for ".": lists are separated by commas,
// maps are written key=value,key=value. A key whose name ends in "_bytes" is a
// size and takes a unit.
//
// It refuses keys and PROCESSOR_ variables that it does not know, and secrets
// that stand in the file: a secret is named by the file or variable it is in.
package config
