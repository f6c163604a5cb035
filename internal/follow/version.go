package follow

import "os"

// version tells whether a file has been written or exchanged.
type version struct{ info os.FileInfo }

// versionOf follows symbolic links, which is how mounted secrets are exchanged.
func versionOf(path string) version {
	info, err := os.Stat(path)
	if err != nil {
		return version{}
	}
	return version{info}
}

func (f *Files[T]) look() []version {
	versions := make([]version, len(f.paths))
	for i, path := range f.paths {
		versions[i] = versionOf(path)
	}
	return versions
}

func unchanged(a, b []version) bool {
	for i := range a {
		if !a[i].same(b[i]) {
			return false
		}
	}
	return true
}

func (v version) same(o version) bool {
	if v.info == nil || o.info == nil {
		return v.info == nil && o.info == nil
	}
	return os.SameFile(v.info, o.info) && v.info.Size() == o.info.Size() && v.info.ModTime().Equal(o.info.ModTime())
}
