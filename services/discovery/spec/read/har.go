package read

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/spec"
	"github.com/miradorhq/mirador/services/discovery/spec/document"
)

// har makes a draft of recorded traffic: an operation a host, method and
// template of the lexer. What was refused as not there is none.
func har(root *document.Node) (*spec.Specification, error) {
	d := newDrafts(root.At("log", "creator", "name").String(), "har")
	entries := root.At("log", "entries")
	if entries.Kind != document.List {
		return nil, entries.Errorf("log.entries is no list")
	}
	lexer := &catalog.Lexical{}
	for _, e := range entries.Items {
		request, response := e.Get("request"), e.Get("response")
		status, _ := strconv.Atoi(response.Get("status").String()) // 0 for none: blocked, aborted
		u, err := url.Parse(request.Get("url").String())
		if err != nil || u.Host == "" || request.Get("method").String() == "" {
			d.at(e, "entry has no request with method and absolute url")
			continue
		}
		if status == 0 || status == 404 || status == 405 || status == 301 || status == 308 {
			continue
		}
		m := lexer.Match("", u.Host, request.Get("method").String(), []byte(u.EscapedPath()))
		where := place(e)
		o := spec.Operation{
			Protocol: "rest", Method: m.Method, Template: named(m.Template), Where: where,
			Servers:  []spec.Server{{Host: m.Host}},
			Statuses: []spec.Status{{Name: strconv.Itoa(status), Where: where}},
		}
		o.Params = append(o.Params, pathParams(m, where)...)
		for _, name := range sortedKeys(u.Query()) {
			o.Params = append(o.Params, spec.Param{In: "query", Name: name, Schema: textSchema(u.Query().Get(name), where), Where: where})
		}
		if p := request.Get("postData"); p != nil {
			media := mediaType(p.Get("mimeType").String())
			b := spec.Body{Media: media, Where: place(p), Schema: example(media, p.Get("text").String(), place(p))}
			if b.Schema == nil && len(p.Get("params").Elements()) > 0 {
				b.Schema = pairsSchema(p.Get("params").Elements(), "name", place(p))
			}
			o.Request = []spec.Body{b}
		}
		if c := response.Get("content"); c.Get("text") != nil {
			media, text := mediaType(c.Get("mimeType").String()), c.Get("text").String()
			if c.Get("encoding").String() == "base64" {
				raw, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					d.at(c, "content is no base64")
				}
				text = string(raw)
			}
			o.Responses = []spec.Body{{Status: strconv.Itoa(status), Media: media, Where: place(c), Schema: example(media, text, place(c))}}
		}
		o.Auth, o.Anonymous = authOf(request.Get("headers"))
		d.add(o, e)
	}
	return d.finish(), nil
}

func sortedKeys(v url.Values) []string {
	out := make([]string, 0, len(v))
	for k := range v {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func pathParams(m catalog.Match, where spec.Place) []spec.Param {
	var out []spec.Param
	names := catalog.ParamNames(m.Template)
	for i, v := range m.Values {
		if i >= len(names) {
			break
		}
		s := &spec.Schema{Types: []string{"string"}, Where: where}
		switch v.Type {
		case catalog.TypeInt:
			s.Types = []string{"integer"}
		case catalog.TypeBool:
			s.Types = []string{"boolean"}
		case catalog.TypeNumber:
			s.Types = []string{"number"}
		case catalog.TypeUUID:
			s.Format = "uuid"
		case catalog.TypeDate:
			s.Format = format(v.Text)
		}
		out = append(out, spec.Param{In: "path", Name: names[i], Required: true, Schema: s, Where: where})
	}
	return out
}

// authOf goes by the headers of a request.
func authOf(headers *document.Node) ([]spec.Auth, bool) {
	for _, h := range headers.Elements() {
		name, value := strings.ToLower(h.Get("name").String()), strings.ToLower(h.Get("value").String())
		switch {
		case name == "authorization" && strings.HasPrefix(value, "bearer "):
			return []spec.Auth{{Kind: "bearer"}}, false
		case name == "authorization" && strings.HasPrefix(value, "basic "):
			return []spec.Auth{{Kind: "basic"}}, false
		case name == "authorization":
			return []spec.Auth{{Kind: "authorization"}}, false
		case name == "x-api-key" || name == "api-key" || name == "apikey":
			return []spec.Auth{{Kind: "api-key", In: "header", Name: name}}, false
		}
	}
	return nil, true
}

// named is a template of the catalog with names for its parameters.
func named(template string) string {
	names := catalog.ParamNames(template)
	var b strings.Builder
	for rest := template; ; {
		open, end := strings.IndexByte(rest, '{'), strings.IndexByte(rest, '}')
		if open < 0 || end < open || len(names) == 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:open] + "{" + names[0] + "}")
		rest, names = rest[end+1:], names[1:]
	}
}
