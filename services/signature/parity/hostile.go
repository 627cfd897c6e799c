package parity

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
)

// Hostile are events made to cost: each is what one part of an engine likes least. An
// engine that is fast on ordinary traffic must not be slow on these.
func Hostile() (cases []Case) {
	add := func(name, contentType, body string) {
		cases = append(cases, exchange("h "+name, "POST", "/api/v1/orders", contentType, []byte(body), 200, []byte(`{"ok":true}`)))
	}
	const formType = "application/x-www-form-urlencoded"
	form := func(name, value string) { add(name, formType, "q="+url.QueryEscape(value)) }
	form("quotes", strings.Repeat(`'"`, 2000))
	form("SQL comments", strings.Repeat("/**/ or ", 500))
	form("SQL words", strings.Repeat("select from union where ", 160))
	form("tags", strings.Repeat("<a ", 1300))
	form("entities", strings.Repeat("&#x3c;&lt;", 400))
	form("shell", strings.Repeat("$(ca\\t ", 600))
	form("dots", strings.Repeat("../", 1300))
	form("blanks", strings.Repeat(" \t", 2000))
	form("no end", strings.Repeat("=", 4000))
	form("escapes of escapes", strings.Repeat("%25", 1300))
	form("one letter", strings.Repeat("a", 4000))
	form("PHP", strings.Repeat("<?php $_GET[ ", 300))
	form("Java", strings.Repeat("${jndi:${lower:", 260))
	form("zeros", strings.Repeat("\x00", 1500))

	r := rand.New(rand.NewPCG(7, 7))
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(r.IntN(256))
	}
	form("noise", string(noise))
	var b strings.Builder
	for i := range 900 {
		fmt.Fprintf(&b, "&a%d=1", i)
	}
	add("many arguments", formType, b.String()[1:])
	add("deep JSON", jsonType, strings.Repeat(`{"a":`, 60)+"1"+strings.Repeat("}", 60))
	add("JSON of numbers", jsonType, "["+strings.TrimSuffix(strings.Repeat("1,", 900), ",")+"]")
	add("JSON of attacks", jsonType, `{"a":["`+strings.TrimSuffix(strings.Repeat(`1' or 1=1--","`, 100), `","`)+`"]}`)
	add("broken JSON", jsonType, `{"a":"`+strings.Repeat(`\"`, 1500))
	add("XML", "text/xml", "<a>"+strings.Repeat("<b c='d'>e</b>", 250)+"</a>")
	add("parts", "multipart/form-data; boundary=x", strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", 60)+"--x--\r\n")

	many := exchange("h cookies", "GET", "/?"+strings.Repeat("%27", 300), "", nil, 200, nil)
	for i := range 100 {
		many.Event.RequestHeaders = append(many.Event.RequestHeaders, headers(fmt.Sprintf("X-%d", i), "' or 1", "Cookie", fmt.Sprintf("c%d=<script>", i))...)
	}
	cases = append(cases, many)
	answer := exchange("h response", "GET", "/api/v1/orders", "", nil, 500, []byte(strings.Repeat("at java.lang. SQL error near ORA- <?php ", 200)))
	answer.Event.ResponseHeaders = headers("Content-Type", "text/html")
	return append(cases, answer)
}
