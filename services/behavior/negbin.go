package behavior

import "math"

// tail is P(X >= x) of a negative binomial count with the given mean and size; the
// smaller the size, the wilder the counts of ordinary clients (variance mean +
// mean²/size). It is summed from below, so it is good to about 1e-14.
func tail(x int, mean, size float64) float64 {
	if x <= 0 {
		return 1
	}
	q := mean / (size + mean)
	p := math.Exp(size * math.Log1p(-q))
	below := p
	for k := 1; k < x && p > 0; k++ {
		p *= q * (size + float64(k) - 1) / float64(k)
		below += p
	}
	return max(0, 1-below)
}

// threshold is the smallest count whose tail is at most alpha.
func threshold(mean, size, alpha float64, most int) int {
	q := mean / (size + mean)
	p := math.Exp(size * math.Log1p(-q))
	below := p
	for k := 1; k < most; k++ {
		if 1-below <= alpha {
			return k
		}
		p *= q * (size + float64(k) - 1) / float64(k)
		below += p
	}
	return most
}

// betaBinomial is the log of P(f of n) where the probability itself has a beta
// distribution with a and b: a binomial whose rate wanders.
func betaBinomial(f, n, a, b float64) float64 {
	return lbeta(f+a, n-f+b) - lbeta(a, b) + lchoose(n, f)
}

func lbeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

func lchoose(n, k float64) float64 {
	x, _ := math.Lgamma(n + 1)
	y, _ := math.Lgamma(k + 1)
	z, _ := math.Lgamma(n - k + 1)
	return x - y - z
}
