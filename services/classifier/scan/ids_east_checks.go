package scan

// Checks of the numbers in ids_east.go that are more than a line or two.

func egn(s []byte) bool {
	return day(2000+two(s, 0), two(s, 2)%20, two(s, 4)) && weighted(s, 2, 4, 8, 5, 10, 9, 7, 3, 6)%11%10 == last(s)
}

func pnf(s []byte) bool { return weighted(s, 21, 19, 17, 13, 11, 9, 7, 3, 1)%10 == last(s) }

func bulstat(s []byte) int {
	if c := weighted(s, 1, 2, 3, 4, 5, 6, 7, 8) % 11; c < 10 {
		return c
	}
	return weighted(s, 3, 4, 5, 6, 7, 8, 9, 10) % 11 % 10
}

func greek(s []byte) bool {
	sum := 0
	for _, c := range s[:8] {
		sum = sum*2 + int(c-'0')
	}
	return sum*2%11%10 == last(s) && !uniform(s)
}

// czech is a birth number: ten digits since 1954, nine without a check before.
func czech(s []byte) bool {
	if len(s) < 9 {
		return false
	}
	y, m := 1900+two(s, 0), two(s, 2)%50
	if m > 20 {
		m -= 20
	}
	if len(s) == 9 {
		return y < 1954 && day(y, m, two(s, 4)) || y >= 1980 && day(y-100, m, two(s, 4))
	}
	if y < 1954 {
		y += 100
	}
	c := number(s[:9]) % 11 % 10
	return y <= 2053 && day(y, m, two(s, 4)) && c == last(s)
}

func romanianCounty(n int) bool {
	return n > 0 && n <= 48 || n == 51 || n == 52 || n == 70 || n >= 80 && n <= 83
}

// formONRC is a letter, county, serial number and year, or the whole day, with signs between them;
// since 2024 year, serial, county and a check digit in one.
func formONRC(v []byte) bool {
	var parts [6]int
	var sizes [6]int
	n, in, digits := 0, false, 0
	for _, c := range v[1:] {
		if c-'0' <= 9 {
			if !in {
				if n == len(parts) {
					return false
				}
				n++
			}
			parts[n-1], sizes[n-1] = parts[n-1]*10+int(c-'0'), sizes[n-1]+1
			digits += int(c - '0')
		}
		in = c-'0' <= 9
	}
	if n == 1 && sizes[0] == 13 {
		serial := parts[0]
		check, county, year := serial%10, serial/10%100, serial/1e9
		if year < 1990 || year > 2100 || year > 2024 && county != 0 || year < 2024 && !onrcCounty(county) {
			return false
		}
		return (int(v[0]&^0x20)%10+digits-check)%10 == check
	}
	year := parts[2]
	if n == 5 && parts[2] <= 31 && parts[3] <= 12 {
		year = parts[4]
	} else if n != 3 {
		return false
	}
	return sizes[0] <= 2 && sizes[1] <= 5 && onrcCounty(parts[0]) && year >= 1990 && year <= 2024
}

func onrcCounty(n int) bool { return n > 0 && n <= 40 || n == 51 || n == 52 }

func cui(s []byte) bool {
	sum, w := 0, [...]int{2, 3, 5, 7, 1, 2, 3, 5, 7}
	for i, j := len(s)-2, 0; i >= 0; i, j = i-1, j+1 {
		sum += w[j] * at(s, i)
	}
	return s[0] != '0' && sum*10%11%10 == last(s)
}
