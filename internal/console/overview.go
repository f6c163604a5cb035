package console

import "net/http"

func (c *Console) overviewRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { c.render(w, r, "overview", nil) })
}
