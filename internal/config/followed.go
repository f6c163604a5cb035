package config

import (
	"reflect"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/console"
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
			all = append(all, followedCertificates(path, x)...)
			return false
		case admin.TLS:
			all = append(all, followedCertificates(path, x.Files())...)
			return false
		case console.Access:
			all = append(all, x.Followed(path)...)
			return false
		}
		return true
	})
	return all
}

func followedCertificates(path string, c tlsfile.Config) []follow.Setting {
	files, err := c.Open()
	if err != nil {
		return nil
	}
	return files.Followed(path)
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
