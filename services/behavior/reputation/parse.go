package reputation

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Format is how a list is written.
type Format string

const (
	Auto   Format = "auto"   // told by what it holds
	Plain  Format = "plain"  // an address or network a line
	CSV    Format = "csv"    // with a line of names, or the address first
	STIX   Format = "stix"   // a STIX 2.1 bundle
	Ranges Format = "ranges" // {"prefixes": [{"ipv4Prefix": ...}]}, as crawlers publish
)

// parsed is what a list held. Some lines of a list are always wrong; where many are,
// the list is another thing than it is taken for.
type parsed struct {
	entries []Entry
	skipped int
	reason  error // of the first that was skipped
	most    int
}

// maxSkipped is the part of a list that may be wrong.
const maxSkipped = 0.1

var errTooMany = errors.New("too many entries")

func (p *parsed) add(e Entry) error {
	if len(p.entries) >= p.most {
		return fmt.Errorf("%w, at most %d", errTooMany, p.most)
	}
	p.entries = append(p.entries, e)
	return nil
}

func (p *parsed) skip(err error) {
	if p.skipped++; p.reason == nil {
		p.reason = err
	}
}

// Parse reads a list of at most most entries.
func Parse(b []byte, f Format, most int) ([]Entry, error) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if f == "" || f == Auto {
		f = sniff(b)
	}
	p := parsed{most: most}
	var err error
	switch f {
	case Plain:
		err = p.plain(b)
	case CSV:
		err = p.csv(b)
	case STIX:
		err = p.stix(b)
	case Ranges:
		err = p.ranges(b)
	default:
		err = fmt.Errorf("no format is called %q", f)
	}
	if err != nil {
		return nil, fmt.Errorf("as %s: %w", f, err)
	}
	if all := len(p.entries) + p.skipped; p.skipped > 0 && float64(p.skipped) > maxSkipped*float64(all) {
		return nil, fmt.Errorf("as %s: %d of %d entries cannot be read, the first: %w", f, p.skipped, all, p.reason)
	}
	return p.entries, nil
}

func sniff(b []byte) Format {
	t := bytes.TrimSpace(b)
	if len(t) > 0 && t[0] == '{' {
		if bytes.Contains(t[:min(len(t), 64<<10)], []byte(`"prefixes"`)) {
			return Ranges
		}
		return STIX
	}
	for line := range bytes.Lines(t) {
		if line = bytes.TrimSpace(line); len(line) == 0 || comment(line) {
			continue
		}
		if bytes.IndexByte(line, ',') >= 0 {
			return CSV
		}
		break
	}
	return Plain
}

func comment(line []byte) bool {
	return line[0] == '#' || line[0] == ';' || bytes.HasPrefix(line, []byte("//"))
}

// plain takes the first word of each line; what follows a comment sign is the label.
func (p *parsed) plain(b []byte) error {
	for line := range bytes.Lines(b) {
		if line = bytes.TrimSpace(line); len(line) == 0 || comment(line) {
			continue
		}
		word, note := string(line), ""
		if i := strings.IndexAny(word, " \t;#"); i >= 0 {
			word, note = word[:i], strings.Trim(word[i:], " \t;#")
		}
		prefix, err := prefixOf(word)
		if err != nil {
			p.skip(err)
			continue
		}
		if err := p.add(Entry{Prefix: prefix, Label: label(note)}); err != nil {
			return err
		}
	}
	return nil
}

// columns are which fields of a CSV say what; -1 is none.
type columns struct{ address, until, from, label int }

// columnsOf reads a line of names; false where it is an entry itself.
func columnsOf(record []string) (columns, bool) {
	c := columns{-1, -1, -1, -1}
	for i, name := range record {
		switch strings.ToLower(strings.Trim(name, ` "#`)) {
		case "ip", "address", "ip_address", "ipaddress", "src_ip", "network", "cidr", "prefix", "indicator", "value", "ioc_value", "dst_ip":
			if c.address < 0 {
				c.address = i
			}
		case "until", "expires", "expiry", "expiration", "valid_until":
			c.until = i
		case "from", "valid_from":
			c.from = i
		case "label", "reason", "description", "category", "threat", "malware", "hostname", "name", "comment":
			if c.label < 0 {
				c.label = i
			}
		}
	}
	return c, c.address >= 0
}

func (p *parsed) csv(b []byte) error {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace, r.ReuseRecord = -1, true, true, true
	c, named := columns{0, -1, -1, 1}, false
	for first := true; ; {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("csv: %w", err)
		}
		if !named { // a line of names may be a comment
			if names, ok := columnsOf(record); ok {
				c, named = names, true
				continue
			}
		}
		if record[0] == "" && len(record) == 1 || record[0] != "" && comment([]byte(record[0])) {
			continue
		}
		field := func(i int) string {
			if i < 0 || i >= len(record) {
				return ""
			}
			return record[i]
		}
		prefix, err := prefixOf(field(c.address))
		if err != nil {
			if !first { // whatever the first line was
				p.skip(err)
			}
			first = false
			continue
		}
		first = false
		e := Entry{Prefix: prefix, Label: label(field(c.label))}
		e.Until, _ = timeOf(field(c.until))
		e.From, _ = timeOf(field(c.from))
		if err := p.add(e); err != nil {
			return err
		}
	}
}
