package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"
	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/pkg/content"
	"github.com/miradorhq/mirador/pkg/detect"
	"github.com/miradorhq/mirador/pkg/event"
	"github.com/miradorhq/mirador/services/classifier"
	"github.com/segmentio/encoding/json"
)

// traffic of fields: so many operations of so many fields answer so often.
const (
	operations = 200
	perAnswer  = 12
	answers    = 20 // one value a field each
	hidden     = 0.3
)

// made is a field that was made up.
type made struct {
	sort   *sort
	style  style
	name   string
	hidden bool
}

// fields judges whole fields: the classifier reads the answers of an API that is made up,
// in which a share of names says nothing.
func fields(w io.Writer, seed uint64, misses bool) error {
	cfg := classifier.Defaults()
	cfg.HashKey = "a key for evaluations only"
	classes, err := classifier.NewClasses(&cfg)
	if err != nil {
		return err
	}
	factory, err := classifier.Factory(cfg, classes)
	if err != nil {
		return err
	}
	first, second := factory(0), classifier.MergerFactory(cfg, classes)(0)
	d := &draw{Faker: gofakeit.New(seed), r: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	truth := map[string]*made{}
	n := 0
	for op := range operations {
		list := d.operation()
		template := fmt.Sprintf("/v1/part%c%c", 'a'+op%26, 'a'+op/26)
		for i := range list {
			truth["GET api.example"+template+" "+list[i].name] = &list[i]
		}
		for range answers {
			body := map[string]string{}
			for i := range list {
				body[list[i].name] = list[i].style(d)
			}
			b, err := json.Marshal(body)
			if err != nil {
				return err
			}
			n++
			read(first, template, b, d.now.Add(time.Duration(n)*time.Second))
		}
	}
	var out detect.Out
	first.(detect.Flusher).Flush(&out)
	for i := range out.Partials {
		second.Merge(&out.Partials[i], nil)
	}
	second.(detect.Flusher).Flush(&out)
	found := map[string][]string{}
	for _, r := range out.Records {
		var f catalog.Field
		if err := json.Unmarshal(r.Value, &f); err != nil {
			return err
		}
		if f.Confirmed {
			found[f.Endpoint+" "+f.Path] = append(found[f.Endpoint+" "+f.Path], f.Type)
		}
	}
	return judge(w, truth, found, misses)
}

// operation makes up the fields of one.
func (d *draw) operation() (list []made) {
	total := 0
	for i := range sorts {
		total += sorts[i].weight
	}
	taken := map[string]bool{}
	for len(list) < perAnswer {
		at, s := d.r.IntN(total), 0
		for at >= sorts[s].weight {
			at -= sorts[s].weight
			s++
		}
		names := strings.Split(sorts[s].names, ",")
		m := made{sort: &sorts[s], style: sorts[s].styles[d.r.IntN(len(sorts[s].styles))], name: strings.ReplaceAll(names[d.r.IntN(len(names))], ".", "_")}
		if m.hidden = d.r.Float64() < hidden; m.hidden {
			m.name = fmt.Sprintf("f%d", 10+len(list))
		}
		if !taken[m.name] {
			taken[m.name] = true
			list = append(list, m)
		}
	}
	return list
}

func read(first detect.Detector, path string, body []byte, at time.Time) {
	e := &event.Event{Tenant: []byte("default"), Method: []byte("GET"), Scheme: []byte("https"), Authority: []byte("api.example"), Path: []byte(path),
		RequestTime: at.UnixNano(), Status: 200, ResponseBody: event.Body{Data: body, ContentType: []byte("application/json")}}
	var tx detect.Tx
	tx.Reset(e, detect.Source{}, at, &catalog.Lexical{}, content.Limits{})
	first.Detect(&tx, nil)
}

// judge prints what was right: a field is one case, each class that is confirmed of it
// another statement.
func judge(w io.Writer, truth map[string]*made, found map[string][]string, misses bool) error {
	open, dark, negatives := map[string]*score{}, map[string]*score{}, 0
	var all, allDark score
	wrong := map[string]int{}
	for key, m := range truth {
		right := strings.Split(m.sort.class, "|")
		hit, extra := false, 0
		for _, class := range found[key] {
			if m.sort.class != "" && contains(right, class) {
				hit = true
				continue
			}
			extra++
			wrong[class]++
			if misses {
				fmt.Fprintf(w, "wrong: %s is %s, confirmed as %s\n", key, m.sort.class, class)
			}
		}
		scores := open
		if m.hidden {
			scores = dark
		}
		one := score{wrong: extra}
		switch {
		case m.sort.class == "":
			negatives++
		case hit:
			one.right = 1
		default:
			one.missed = 1
			if misses {
				fmt.Fprintf(w, "missed: %s is %s\n", key, m.sort.class)
			}
		}
		all.sum(&one)
		if m.hidden {
			allDark.sum(&one)
		}
		if m.sort.class != "" {
			if scores[right[0]] == nil {
				scores[right[0]] = &score{}
			}
			scores[right[0]].sum(&one)
		}
	}
	fmt.Fprintf(w, "Fields of %d values, %d of them, %d hard negatives, names hidden in %.0f %%:\n", answers, len(truth), negatives, hidden*100)
	for _, name := range ordered(both(open, dark)) {
		o, h := open[name], dark[name]
		if o == nil {
			o = &score{}
		}
		if h == nil {
			h = &score{}
		}
		fmt.Fprintf(w, "  %-28s named %3d recall %.3f   hidden %3d recall %.3f   wrongly confirmed elsewhere %d\n", name, o.right+o.missed, o.recall(), h.right+h.missed, h.recall(), wrong[name])
		delete(wrong, name)
	}
	for _, name := range ordered(counted(wrong)) {
		fmt.Fprintf(w, "  %-28s wrongly confirmed %d\n", name, wrong[name])
	}
	fmt.Fprintf(w, "  all: precision %.3f  recall %.3f   with names hidden: precision %.3f  recall %.3f\n", all.precision(), all.recall(), allDark.precision(), allDark.recall())
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func both(a, b map[string]*score) map[string]*score {
	m := map[string]*score{}
	for _, from := range []map[string]*score{a, b} {
		for name, s := range from {
			if m[name] == nil {
				m[name] = &score{}
			}
			m[name].sum(s)
		}
	}
	return m
}

func counted(n map[string]int) map[string]*score {
	m := map[string]*score{}
	for name, c := range n {
		m[name] = &score{right: c}
	}
	return m
}
