package console

import (
	"cmp"
	"slices"
	"time"

	"github.com/miradorhq/mirador/services/regimes"
)

// dataMap is what kinds of data flow where and to whom.
type dataMap struct {
	Classes   []mapClass
	Endpoints []mapEndpoint
	Hidden    int // endpoints beyond those that are drawn
	Flow      regimes.Flow
}

// mapClass is a column of the map.
type mapClass struct {
	Class, Kind       string
	Endpoints, Fields int
	Exposed           []string
	FirstSeen         time.Time
}

// mapEndpoint is a row of the map; Cells stand in the order of the classes.
type mapEndpoint struct {
	ID, Endpoint string
	Exposed      []string
	Fields       int
	Cells        []int // places where the class was found
}

// mapRows is how many endpoints the map shows, mapColumns how many classes.
const (
	mapRows    = 60
	mapColumns = 24
)

// newDataMap arranges fields: classes by kind, endpoints by how far and how much they
// tell.
func newDataMap(set *regimes.Set, fields []regimes.Field) dataMap {
	var m dataMap
	classes, endpoints := map[string]*mapClass{}, map[string]*mapEndpoint{}
	seen := map[[2]string]bool{}
	for i := range fields {
		f := &fields[i]
		c := classes[f.Class]
		if c == nil {
			c = &mapClass{Class: f.Class, Kind: set.Title(f.Class), FirstSeen: f.FirstSeen}
			classes[f.Class] = c
		}
		c.Fields++
		if k := [2]string{f.Class, f.EndpointID}; !seen[k] {
			seen[k] = true
			c.Endpoints++
		}
		c.Exposed = union(c.Exposed, f.Exposed)
		if f.FirstSeen.Before(c.FirstSeen) {
			c.FirstSeen = f.FirstSeen
		}
		e := endpoints[f.EndpointID]
		if e == nil {
			e = &mapEndpoint{ID: f.EndpointID, Endpoint: f.Endpoint}
			endpoints[f.EndpointID] = e
		}
		e.Fields++
		e.Exposed = union(e.Exposed, f.Exposed)
	}
	for _, c := range classes {
		m.Classes = append(m.Classes, *c)
	}
	slices.SortFunc(m.Classes, func(a, b mapClass) int {
		return cmp.Or(cmp.Compare(kindOrder(set, a.Kind), kindOrder(set, b.Kind)), cmp.Compare(b.Fields, a.Fields), cmp.Compare(a.Class, b.Class))
	})
	for _, e := range endpoints {
		m.Endpoints = append(m.Endpoints, *e)
	}
	slices.SortFunc(m.Endpoints, func(a, b mapEndpoint) int {
		return cmp.Or(cmp.Compare(reach(a.Exposed), reach(b.Exposed)), cmp.Compare(b.Fields, a.Fields), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.ID, b.ID))
	})
	if n := len(m.Endpoints); n > mapRows {
		m.Hidden, m.Endpoints = n-mapRows, m.Endpoints[:mapRows]
	}
	columns := map[string]int{}
	for i := range m.Classes[:min(len(m.Classes), mapColumns)] {
		columns[m.Classes[i].Class] = i
	}
	rows := map[string]int{}
	for i := range m.Endpoints {
		m.Endpoints[i].Cells = make([]int, len(columns))
		rows[m.Endpoints[i].ID] = i
	}
	for i := range fields {
		row, ok := rows[fields[i].EndpointID]
		column, there := columns[fields[i].Class]
		if ok && there {
			m.Endpoints[row].Cells[column]++
		}
	}
	m.Flow = regimes.NewFlow(set, fields)
	return m
}

// Columns are the classes that the map has a column for.
func (m dataMap) Columns() []mapClass { return m.Classes[:min(len(m.Classes), mapColumns)] }

func kindOrder(set *regimes.Set, title string) int {
	if i := slices.IndexFunc(set.Kinds, func(k regimes.Kind) bool { return k.Title == title }); i >= 0 {
		return i
	}
	return len(set.Kinds)
}

// union keeps the order of exposures, and names that it does not know behind them.
func union(a, b []string) []string {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	slices.SortFunc(a, func(x, y string) int {
		return cmp.Or(cmp.Compare(regimes.Reach(x), regimes.Reach(y)), cmp.Compare(x, y))
	})
	return a
}

func reach(exposed []string) int {
	if len(exposed) == 0 {
		return regimes.Reach("") + 1
	}
	return regimes.Reach(exposed[0])
}
