package reputation

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Settings say where the lists are. Without any nothing is known of anybody.
type Settings struct {
	Lists    []List    `yaml:"lists" doc:"Lists of known-bad sources: name, file or url, format (auto, plain, csv, stix or ranges)."`
	Crawlers []Crawler `yaml:"crawlers" doc:"Crawlers that can be verified: name, agents (words of the user agent), ranges (files or URLs of their networks), domains (of their host names, together with names)."`
	Names    Source    `yaml:"names" doc:"Results of reverse DNS that the operator looked up and verified forward: CSV of address and hostname."`

	Reload  time.Duration `yaml:"reload" doc:"How often files are looked at for changes."`
	Refresh time.Duration `yaml:"refresh" doc:"How often URLs are fetched."`
	Timeout time.Duration `yaml:"timeout" doc:"How long fetching a URL may take."`

	MaxBytes   int `yaml:"max_bytes" doc:"Largest list, in bytes; a larger one is an error."`
	MaxEntries int `yaml:"max_entries" doc:"Most entries of a list; more are an error."`
}

// Source is where a list is: a file or a URL.
type Source struct {
	File   string `yaml:"file" doc:"File that the list is in."`
	URL    string `yaml:"url" doc:"URL (http or https) that the list is fetched from."`
	Format Format `yaml:"format" doc:"auto, plain, csv, stix or ranges."`
}

func (s Source) place() string { return cmp.Or(s.File, s.URL) }

// shown is the place without what may be a secret in a URL.
func (s Source) shown() string {
	u, err := url.Parse(s.URL)
	if s.URL == "" || err != nil {
		return s.File
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// List is a list of known-bad sources.
type List struct {
	Name   string `yaml:"name" doc:"What findings call the list."`
	Source `yaml:",inline"`
}

// Crawler is one that can be told from who only says so.
type Crawler struct {
	Name    string   `yaml:"name" doc:"What findings call the crawler."`
	Agents  []string `yaml:"agents" doc:"Words of the user agent by which it calls itself."`
	Ranges  []Source `yaml:"ranges" doc:"Lists of the networks that it comes from."`
	Domains []string `yaml:"domains" doc:"Domains of its host names, verified by names."`
}

// Defaults know of nobody.
func Defaults() Settings {
	return Settings{Reload: 10 * time.Second, Refresh: time.Hour, Timeout: 20 * time.Second, MaxBytes: 32 << 20, MaxEntries: 500_000}
}

// Validate reports every error of s at once.
func (s *Settings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("behavior.reputation."+format, args...))
	}
	source := func(name string, from Source) {
		if (from.File == "") == (from.URL == "") {
			bad("%s: a file or a url is needed, not both", name)
		}
		if u, err := url.Parse(from.URL); from.URL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			bad("%s.url %q: must be http or https", name, from.URL)
		}
		switch from.Format {
		case "", Auto, Plain, CSV, STIX, Ranges:
		default:
			bad("%s.format %q: must be auto, plain, csv, stix or ranges", name, from.Format)
		}
	}
	for i, l := range s.Lists {
		name := fmt.Sprintf("lists[%d]", i)
		if l.Name == "" {
			bad("%s: a name is needed", name)
		}
		source(name, l.Source)
	}
	for i, c := range s.Crawlers {
		name := fmt.Sprintf("crawlers[%d]", i)
		if c.Name == "" || len(c.Agents) == 0 {
			bad("%s: a name and agents are needed", name)
		}
		for _, a := range c.Agents {
			if len(a) < 3 {
				bad("%s.agents %q: at least 3 letters", name, a)
			}
		}
		// An agent string alone proves nothing, neither way.
		if len(c.Ranges) == 0 && (len(c.Domains) == 0 || s.Names.place() == "") {
			bad("%s: ranges are needed, or domains and names, to verify it by", name)
		}
		for j, r := range c.Ranges {
			source(fmt.Sprintf("%s.ranges[%d]", name, j), r)
		}
	}
	if s.Names != (Source{}) {
		source("names", s.Names)
	}
	for _, d := range [...]struct {
		name   string
		v      time.Duration
		lo, hi time.Duration
	}{{"reload", s.Reload, 100 * time.Millisecond, time.Hour}, {"refresh", s.Refresh, time.Second, 7 * 24 * time.Hour}, {"timeout", s.Timeout, time.Second, time.Minute}} {
		if d.v < d.lo || d.v > d.hi {
			bad("%s is %v: must be between %v and %v", d.name, d.v, d.lo, d.hi)
		}
	}
	if s.MaxBytes < 1<<10 || s.MaxBytes > 1<<30 {
		bad("max_bytes is %d: must be between 1 KiB and 1 GiB", s.MaxBytes)
	}
	if s.MaxEntries < 1 || s.MaxEntries > 10_000_000 {
		bad("max_entries is %d: must be between 1 and 10,000,000", s.MaxEntries)
	}
	return errors.Join(errs...)
}

// sources are all of them, each once, in their order.
func (s *Settings) sources() (list []Source) {
	for _, l := range s.Lists {
		list = append(list, l.Source)
	}
	for _, c := range s.Crawlers {
		list = append(list, c.Ranges...)
	}
	if s.Names.place() != "" {
		list = append(list, s.Names)
	}
	return list
}
