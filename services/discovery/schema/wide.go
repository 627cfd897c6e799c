package schema

import "strings"

// anyName stands for the names of an object that are too many to keep.
const anyName = "{string}"

// parent is the path of what holds the field at path, and the field's name in it.
func parent(path string) (holder, name string) {
	if rest, ok := strings.CutSuffix(path, "[]"); ok {
		return rest, "[]"
	}
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// isPlain says whether a name is one of an object's own.
func isPlain(name string) bool { return name != "" && name != "[]" && name[0] != '{' }

// get is the field at path in the body of k, or nil.
func (f *Fields) get(k Key, path string) *Field {
	k.Path = path
	if i, found := f.find(&k); found {
		return f.list[i]
	}
	return nil
}

// place is the path under which a field that is not there yet is kept: its own, or
// one with "{string}" where an object has more names than are kept. It makes room
// for a name that is to stay by moving another.
func (f *Fields) place(k Key, l Limits) string {
	if !isBody(k.In) || k.Path == "" {
		return k.Path
	}
	at := ""
	for rest := k.Path; rest != ""; {
		holder := at
		name, more := firstStep(rest)
		rest = rest[more:]
		switch {
		case name == "[]":
			at += name
			continue
		case at == "":
			at = name
		default:
			at += "." + name
		}
		if !isPlain(name) || f.get(k, at) != nil {
			continue
		}
		p := f.get(k, holder)
		if p == nil || int(p.names) < l.Keys {
			continue
		}
		if last := f.lastName(p); last != nil && staysBefore(name, last.name()) {
			f.move(p, last, l)
			continue
		}
		at = strings.TrimPrefix(holder+"."+anyName, ".")
	}
	return at
}

// firstStep is the first step of a path, and where the next begins.
func firstStep(path string) (name string, next int) {
	if strings.HasPrefix(path, "[]") {
		next = 2
		if strings.HasPrefix(path[next:], ".") {
			next++
		}
		return "[]", next
	}
	end := strings.IndexByte(path, '.')
	if list := strings.Index(path, "[]"); list >= 0 && (end < 0 || list < end) {
		return path[:list], list
	}
	if end < 0 {
		return path, len(path)
	}
	return path[:end], end + 1
}

func (f *Field) name() string {
	_, name := parent(f.Key.Path)
	return name
}

// staysBefore says which of two names of one object stays. It goes by the name and
// not by the path, so that a name that stays in the sum of two objects had stayed in
// each of them.
func staysBefore(a, b string) bool {
	x, y := Key{Path: a}, Key{Path: b}
	m, n := x.rank(), y.rank()
	return m < n || m == n && a < b
}

// lastName is the field whose name is the first to go among those of p.
func (f *Fields) lastName(p *Field) *Field {
	if p.last != nil {
		return p.last
	}
	for _, x := range f.list {
		if !sameBody(x, p) {
			continue
		}
		if holder, name := parent(x.Key.Path); holder == p.Key.Path && isPlain(name) && (p.last == nil || staysBefore(p.last.name(), name)) {
			p.last = x
		}
	}
	return p.last
}

// move makes child, and what it holds, part of the field of any name of p.
func (f *Fields) move(p, child *Field, l Limits) {
	from := child.Key.Path
	to := strings.TrimPrefix(p.Key.Path+"."+anyName, ".")
	var moved []*Field
	kept := f.list[:0]
	for _, x := range f.list {
		path := x.Key.Path
		if sameBody(x, child) && strings.HasPrefix(path, from) && (len(path) == len(from) || path[len(from)] == '.' || path[len(from)] == '[') {
			moved = append(moved, x)
		} else {
			kept = append(kept, x)
		}
	}
	clear(f.list[len(kept):])
	f.list, f.top = kept, nil
	p.names--
	p.last = nil
	for _, x := range moved {
		x.Key.Path = to + x.Key.Path[len(from):]
		var c cursor
		f.join(x, &c, l)
	}
}
