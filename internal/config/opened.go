package config

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"bankprocessor/internal/admin"
	"bankprocessor/internal/console"
	"bankprocessor/internal/secret"
	"bankprocessor/internal/tlsfile"
)

// Opened is what became of reading a secret or the files of certificates.
type Opened struct {
	Path string // its key
	Err  error
	// NotAfter is when the certificate runs out; zero for a secret.
	NotAfter time.Time
}

// Open reads every secret and certificate that the configuration names, once. It
// finds them by their types, so that none is forgotten.
func (c Config) Open() []Opened {
	var all []Opened
	walkStructs(reflect.ValueOf(c), "", func(path string, v reflect.Value) bool {
		switch x := v.Interface().(type) {
		case secret.Source:
			if !x.IsZero() {
				_, err := x.Open()
				all = append(all, Opened{Path: path, Err: err})
			}
			return false
		case tlsfile.Config:
			all = append(all, openCertificates(path, x)...)
			return false
		case admin.TLS:
			all = append(all, openCertificates(path, x.Files())...)
			return false
		case console.Access:
			if x.TokensFile != "" {
				all = append(all, Opened{Path: path + ".tokens_file", Err: x.Check()})
			}
			return false
		}
		return true
	})
	slices.SortFunc(all, func(a, b Opened) int { return cmp.Compare(a.Path, b.Path) })
	return all
}

func openCertificates(path string, c tlsfile.Config) []Opened {
	files, err := c.Open()
	if err != nil {
		var all []Opened
		for _, message := range flatten(err) {
			f := bind(&Config{}).locate(sectionFault{path, message}, nil)
			all = append(all, Opened{Path: f.Key, Err: messageError(f.Message)})
		}
		return all
	}
	var all []Opened
	for _, s := range files.Followed(path) {
		all = append(all, Opened{Path: s.Path, NotAfter: s.NotAfter()})
	}
	return all
}

type messageError string

func (e messageError) Error() string { return string(e) }
