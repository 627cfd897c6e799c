package catalog

import (
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Lexical matches by the lexer alone: the same path always has the same
// template, whatever was seen before. The zero value works, under
// DefaultLimits. It is safe for concurrent use; Limits must not change after
// the first Match. It is a prometheus.Collector of what its limits cut off.
type Lexical struct {
	Limits Limits

	paths, segments, hosts, methods atomic.Uint64
}

var _ Matcher = (*Lexical)(nil)

// Match resolves a request. It does not know of any endpoint: Known is false.
func (x *Lexical) Match(tenant, host, method string, path []byte) Match {
	return x.match(tenant, x.host(host), method, path)
}

// match is Match for a host that is in its normal form.
func (x *Lexical) match(tenant, host, method string, path []byte) Match {
	t := newTemplater()
	defer t.release()
	method = x.method(method)
	t.out = append(t.out, method...)
	t.out = append(t.out, ' ')
	hostStart := len(t.out)
	t.out = append(t.out, host...)
	templateStart := len(t.out)
	t.run(path, x.Limits.withDefaults())
	if t.pathCut {
		x.paths.Add(1)
	}
	if t.segmentCut {
		x.segments.Add(1)
	}
	label := string(t.out)
	m := Match{
		Label: label, Method: method, Host: label[hostStart:templateStart],
		Template: label[templateStart:], Values: t.copyValues(),
	}
	m.ID = ID(tenant, m.Host, m.Method, m.Template)
	return m
}

// NoHost stands for a request without a host, BadHost for one whose host is no
// name or address: what a client sends there must not reach labels and keys.
const (
	NoHost  = "-"
	BadHost = "invalid"
)

// host is the host in lower case, without port and the root's dot.
func (x *Lexical) host(host string) string {
	if strings.HasPrefix(host, "[") {
		if i := strings.IndexByte(host, ']'); i > 0 {
			host = host[:i+1]
		}
	} else if i := strings.IndexByte(host, ':'); i >= 0 && strings.LastIndexByte(host, ':') == i {
		host = host[:i]
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || host == NoHost {
		return NoHost
	}
	if len(host) > 253 {
		x.hosts.Add(1)
		return BadHost
	}
	for i := range len(host) {
		b := host[i]
		switch {
		case isLetter(b), isDigit(b), b == '-', b == '.', b == '_', b == ':', b == '[', b == ']':
		default:
			x.hosts.Add(1)
			return BadHost
		}
	}
	return strings.ToLower(host)
}

// OtherMethod stands for every method that IANA does not list: a client may
// invent as many as it likes, and they must not make endpoints.
const OtherMethod = "OTHER"

func (x *Lexical) method(m string) string {
	switch m {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY",
		"ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "LABEL", "LINK", "LOCK", "MERGE",
		"MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "ORDERPATCH", "PRI",
		"PROPFIND", "PROPPATCH", "REBIND", "REPORT", "SEARCH", "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK",
		"UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL":
		return m
	}
	x.methods.Add(1)
	return OtherMethod
}

// Cut says how often each limit of a Lexical met a request.
type Cut struct{ Paths, Segments, Hosts, Methods uint64 }

// Cut is what the limits cut off so far.
func (x *Lexical) Cut() Cut {
	return Cut{x.paths.Load(), x.segments.Load(), x.hosts.Load(), x.methods.Load()}
}

func cutDesc() *prometheus.Desc {
	return prometheus.NewDesc("mirador_catalog_cut_total",
		"Requests whose path, segment, host or method was replaced because it was beyond a limit or no valid one.",
		[]string{"what"}, nil)
}

// Describe implements prometheus.Collector.
func (x *Lexical) Describe(ch chan<- *prometheus.Desc) { ch <- cutDesc() }

// Collect implements prometheus.Collector.
func (x *Lexical) Collect(ch chan<- prometheus.Metric) {
	d, c := cutDesc(), x.Cut()
	for _, v := range [...]struct {
		what  string
		count uint64
	}{{"path", c.Paths}, {"segment", c.Segments}, {"host", c.Hosts}, {"method", c.Methods}} {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v.count), v.what)
	}
}
