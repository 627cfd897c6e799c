package schema

import "slices"

// Each calls f with the path of every field in a place that has a name, and in how
// many messages it was, in the order of keys.
func (f *Fields) Each(in Place, visit func(path string, seen uint64)) {
	for _, x := range f.list {
		if x.Key.In == in && x.Key.Path != "" {
			visit(x.Key.Path, x.messages)
		}
	}
}

// KeepPath drops the parameters of the path that are not called one of names.
func (f *Fields) KeepPath(names []string) {
	f.list = slices.DeleteFunc(f.list, func(x *Field) bool { return x.Key.In == Path && !slices.Contains(names, x.Key.Path) })
	f.top = nil
}
