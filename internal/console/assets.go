package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// asset is one file that pages load. Its address holds its content's digest, so that
// it may be kept for good.
type asset struct {
	name, address, tag string
	content            []byte
}

// assets are all of them, by name.
type assets map[string]asset

func newAssets() (assets, error) {
	all := assets{}
	files, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return nil, fmt.Errorf("reading the console's assets: %w", err)
	}
	for _, f := range files {
		content, err := assetFiles.ReadFile("assets/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the console's assets: %w", err)
		}
		digest := sha256.Sum256(content)
		tag := hex.EncodeToString(digest[:8])
		extension := path.Ext(f.Name())
		address := "/assets/" + strings.TrimSuffix(f.Name(), extension) + "." + tag + extension
		all[f.Name()] = asset{f.Name(), address, `"` + tag + `"`, content}
	}
	return all, nil
}

// path is where an asset is served, for templates. An unknown name is a mistake in the
// template.
func (a assets) path(name string) (string, error) {
	found, ok := a[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return found.address, nil
}

func (a assets) routes(mux *http.ServeMux) {
	for _, file := range a {
		mux.HandleFunc("GET "+file.address, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			w.Header().Set("ETag", file.tag)
			http.ServeContent(w, r, file.name, time.Time{}, bytes.NewReader(file.content))
		})
	}
}
