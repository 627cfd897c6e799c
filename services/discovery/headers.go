package discovery

import "strings"

// isCustom says whether a request header, in lower case, is a parameter of an
// API and not one that clients, proxies and browsers send to all of them.
func isCustom(name string) bool {
	for _, prefix := range [...]string{
		"access-control-", "cf-", "content-", "if-", "proxy-", "sec-", "x-amzn-", "x-b3-", "x-cloud-", "x-datadog-",
		"x-envoy-", "x-forwarded-", "x-original-", "x-real-", "x-request-", "x-amz-cf-",
	} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	switch name {
	case "", ":authority", ":method", ":path", ":scheme", ":protocol",
		"accept", "accept-charset", "accept-encoding", "accept-language", "age", "alt-used", "authorization", "b3", "baggage",
		"cache-control", "connection", "cookie", "date", "dnt", "early-data", "expect", "forwarded", "from", "host",
		"http2-settings", "keep-alive", "max-forwards", "origin", "pragma", "priority", "purpose", "range", "referer",
		"save-data", "soapaction", "te", "traceparent", "tracestate", "trailer", "transfer-encoding", "true-client-ip",
		"upgrade", "upgrade-insecure-requests", "user-agent", "via", "warning", "x-client-ip", "x-correlation-id",
		"x-trace-id", "x-requested-with", "x-scheme", "x-varnish", "uber-trace-id":
		return false
	}
	return true
}
