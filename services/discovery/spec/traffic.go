package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miradorhq/mirador/pkg/catalog"
)

// Recorded is o for recorded traffic: a file is short and somebody's own, so the guards against single
// clients are off.
func (o Options) Recorded() Options {
	o.MinCallers, o.MinObserved, o.MinCount = 0, 0, 1
	return o
}

// Newest is the time of the newest transaction of endpoints, the end of recorded traffic.
func Newest(endpoints []catalog.Endpoint) (last time.Time) {
	for i := range endpoints {
		if endpoints[i].LastSeen.After(last) {
			last = endpoints[i].LastSeen
		}
	}
	return last
}

// CompareRecorded is Compare as of the end of recorded traffic, of which endpoints are what was learned.
// Where no document names a host of the traffic, they are taken to speak for all of them. tell hears of
// that, and of documents that were compared with nothing; hosts is the flag that sets o.Hosts.
func CompareRecorded(specs []*Specification, endpoints []catalog.Endpoint, o Options, hosts string, tell func(string)) []Difference {
	there := map[string]bool{}
	for i := range endpoints {
		there[endpoints[i].Host] = true
	}
	if len(o.Hosts) == 0 && len(endpoints) > 0 && !Speaks(specs, there) {
		for h := range there {
			o.Hosts = append(o.Hosts, h)
		}
		slices.Sort(o.Hosts)
		tell("no document names a host of the traffic: taken to speak for " + strings.Join(o.Hosts, ", "))
	}
	for _, s := range Silent(specs, endpoints, o) {
		tell(fmt.Sprintf("%s was compared with nothing: it names no host of the traffic, and too few of its operations were recognised on one; %s names its hosts", s.File, hosts))
	}
	return Compare(specs, endpoints, Newest(endpoints), o)
}
