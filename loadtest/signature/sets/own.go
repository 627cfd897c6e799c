package sets

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	//go:embed own/payloads.txt
	payloadList string
	//go:embed own/payloads_seen.txt
	payloadsSeen string
	//go:embed own/payloads_wide.txt
	payloadsWide string
	//go:embed own/exploits_seen.yaml
	exploitsSeen []byte
	//go:embed own/exploits_unseen.yaml
	exploitsUnseen []byte
	//go:embed own/visits.txt
	visitList string
	//go:embed own/ordinary.txt
	ordinaryList string
)

// Own are the sets that stand in this package: payloads of many families in queries,
// forms, JSON and encodings, and requests of the shape of exploits of published
// weaknesses; visits of sites that run what such exploits are aimed at, and ordinary
// values that resemble attacks. One part of each is looked at while rules are written, and
// fitted to; the other is Unseen. n is how often an attack is made, with other values in it.
func Own(n int) ([]Sample, error) {
	rnd := rand.New(rand.NewPCG(12, 0))
	var out []Sample
	for _, l := range []list{{"payloads", payloadList, byTurns}, {"payloads", payloadsSeen, none}, {"wide payloads", payloadsWide, byHash}} {
		more, err := l.payloads(rnd, n)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	for _, half := range []struct {
		text   []byte
		unseen bool
	}{{exploitsSeen, false}, {exploitsUnseen, true}} {
		var list []exploit
		if err := yaml.Unmarshal(half.text, &list); err != nil {
			return nil, fmt.Errorf("sets: exploits: %w", err)
		}
		rnd := rand.New(rand.NewPCG(13, 0))
		for i := range list {
			for range n {
				out = append(out, Sample{Set: "exploits" + side(half.unseen), Source: list[i].CVE, Class: "exploit", Attack: true, Unseen: half.unseen, Line: list[i].line(rnd)})
			}
		}
	}
	ordinary, err := ordinary(rand.New(rand.NewPCG(15, 0)))
	if err != nil {
		return nil, err
	}
	return seal(slices.Concat(out, visits(rand.New(rand.NewPCG(14, 0))), ordinary))
}

func side(unseen bool) string {
	if unseen {
		return ", never looked at"
	}
	return ", looked at"
}

// exploit is a request with places to fill in.
type exploit struct {
	CVE     string            `yaml:"cve"`
	URI     string            `yaml:"uri"`
	Method  string            `yaml:"method"`
	Type    string            `yaml:"type"`
	Body    string            `yaml:"body"`
	Headers map[string]string `yaml:"headers"`
}

func (x *exploit) line(rnd *rand.Rand) []byte {
	one := func(list ...string) string { return list[rnd.IntN(len(list))] }
	fill := strings.NewReplacer("{file}", one("/etc/passwd", "/etc/passwd", "/etc/hosts", "/proc/self/environ", "/windows/win.ini"),
		"{cmd}", one("id", "whoami", "cat%20/etc/passwd", "ping%20-c%201%20x.example.test", "curl%20x.example.test/a"),
		"{host}", one("cvk3.oast.example.test", "198.51.100.7", "a91.callback.example.test"), "{n}", strconv.Itoa(1000+rnd.IntN(90000)))
	r := base(rnd, cmp.Or(x.Method, "GET"), fill.Replace(x.URI))
	if x.Type != "" {
		r.Headers["Content-Type"] = x.Type
	}
	for name, value := range maps.All(x.Headers) { // their order decides nothing: keys are sorted when written
		r.Headers[name] = fill.Replace(value)
	}
	r.Body = fill.Replace(x.Body)
	return r.line()
}
