package behavior

import "testing"

func TestInsideHosts(t *testing.T) {
	for url, want := range map[string][2]bool{
		"http://169.254.169.254/latest": {true, true}, "http://2852039166/": {true, true}, "http://0xa9fea9fe": {true, true}, "http://0251.0376.0251.0376/": {true, true},
		"http://metadata.google.internal./x": {true, true}, "http://[fd00:ec2::254]/": {true, true}, "http://[::ffff:169.254.169.254]/": {true, true},
		"http://127.1:80/": {true, false}, "http://localhost": {true, false}, "http://user:pw@10.0.0.1/": {true, false}, `http://10.0.0.1\@example.com/`: {true, false},
		"gopher://redis:6379/_": {true, false}, "https://db.svc.cluster.local/": {true, false}, "http://[::1]/": {true, false}, "http://0/": {true, false},
		"https://example.com/": {false, false}, "https://example.com@evil.example/": {false, false}, "http://8.8.8.8/": {false, false}, "http://999.1.1.1.example/": {false, false},
		"not a url": {false, false}, "://x": {false, false}, "a b://10.0.0.1": {false, false}, "http://": {false, false}, "http://[::1": {false, false}, "http://10.0.0.256/": {false, false},
	} {
		inside, metadata := insideHost(urlHost([]byte(url)))
		if inside != want[0] || metadata != want[1] {
			t.Errorf("%s: host %q inside %v, metadata %v, want %v", url, urlHost([]byte(url)), inside, metadata, want)
		}
	}
}

func FuzzInsideHost(f *testing.F) {
	for _, s := range []string{"http://169.254.169.254/", "http://0x7f.1/", "http://[::1]:80/", "x://y@z:1?"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		host := urlHost(b)
		if len(host) > maxHostName {
			t.Fatalf("host of %d bytes", len(host))
		}
		if inside, metadata := insideHost(host); metadata && !inside {
			t.Fatalf("%q tells credentials and is not inside", host)
		}
	})
}
