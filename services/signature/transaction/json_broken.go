package transaction

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tidwall/gjson"
)

var (
	errJSON    = errors.New("invalid JSON")
	errDepth   = errors.New("max recursion reached while reading json object")
	errFlatten = errors.New("flattened json exceeds its byte budget")
)

// flattenBroken reads JSON that is damaged or passes a limit. What Coraza makes of
// such a body is what gjson walks over until it stops, so gjson walks here too.
func (t *Tx) flattenBroken(values []Value, body string, depth int) ([]Value, bool, error) {
	w := walker{t: t, values: values, path: append(t.path[:0], "json"...), left: t.cfg.Arguments, lengths: t.cfg.Arguments,
		budget: max(flattenFloor, flattenFactor*len(body))}
	truncated, err := w.walk(gjson.Parse(body), depth)
	t.path = w.path
	switch {
	case errors.Is(err, errFlatten):
		t.clipped |= ClippedJSON
		err = fmt.Errorf("flattened form exceeds the %d byte budget for a %d byte body", max(flattenFloor, flattenFactor*len(body)), len(body))
	case err != nil:
		t.clipped |= ClippedJSON
	case deeper(body, depth):
		// gjson.Valid has no bound of its own.
		t.clipped |= ClippedJSON
		err = errDepth
	case !gjson.Valid(body):
		err = errJSON
	}
	return w.values, truncated, err
}

type walker struct {
	t             *Tx
	values        []Value
	path          []byte
	left, lengths int
	budget        int
}

func (w *walker) walk(v gjson.Result, depth int) (truncated bool, err error) {
	if w.left <= 0 {
		return true, nil
	}
	if depth <= 0 {
		return false, errDepth
	}
	parent, items := len(w.path), 0
	v.ForEach(func(key, value gjson.Result) bool {
		if w.left <= 0 {
			truncated = true
			return false
		}
		w.path = append(w.path, '.')
		if key.Type == gjson.String {
			w.path = append(w.path, key.Str...)
		} else {
			w.path = strconv.AppendInt(w.path, int64(key.Num), 10)
			items++
		}
		switch value.Type {
		case gjson.JSON:
			var inner bool
			inner, err = w.walk(value, depth-1)
			truncated = truncated || inner
		case gjson.String:
			err = w.leaf(value.Str)
		case gjson.Null:
			err = w.leaf("")
		default:
			err = w.leaf(value.Raw)
		}
		w.path = w.path[:parent]
		return err == nil
	})
	w.path = w.path[:parent]
	if items == 0 || truncated || err != nil {
		return truncated, err
	}
	if w.lengths <= 0 {
		return true, nil
	}
	w.lengths--
	w.left++ // a length does not count as a value
	return false, w.leaf(w.t.number(items))
}

func (w *walker) leaf(text string) error {
	if len(w.path)+len(text) > w.budget {
		return errFlatten
	}
	w.budget -= len(w.path) + len(text)
	w.left--
	w.values = append(w.values, Value{w.t.arena.join(view(w.path)), text})
	return nil
}

// deeper says whether containers of s are nested deeper than limit, whatever else is
// wrong with it.
func deeper(s string, limit int) bool {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			if depth++; depth > limit {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}
