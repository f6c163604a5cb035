package config

import (
	"reflect"

	"bankprocessor/internal/follow"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

// Followed are the files of every secret and certificate that the configuration
// names, as settings to watch over. It finds them by their types, so that none is
// forgotten. What cannot be opened is left out: nothing that is in use is so.
func (c Config) Followed() []follow.Setting {
	var all []follow.Setting
	walkStructs(reflect.ValueOf(c), "", func(path string, v reflect.Value) bool {
		switch x := v.Interface().(type) {
		case secret.Source:
			if live, err := x.Open(); err == nil && x.File != "" {
				all = append(all, live.Followed(path))
			}
			return false
		case tlsfile.Config:
			if files, err := x.Open(); err == nil {
				all = append(all, files.Followed(path)...)
			}
			return false
		}
		return true
	})
	return all
}

// walkStructs shows every struct below v with its path; below one for which f
// returns false it does not go.
func walkStructs(v reflect.Value, path string, f func(path string, v reflect.Value) bool) {
	if !f(path, v) {
		return
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, ok := keyName(field)
		if !ok || field.Type.Kind() != reflect.Struct {
			continue
		}
		at := path
		if name != "" {
			at = join(path, name)
		}
		walkStructs(v.Field(i), at, f)
	}
}
