package transform

// narrow is the byte that IIS makes of a character beyond it: that of code page
// 20127 which comes closest, and the low byte where none does.
func narrow(r rune) byte {
	if r >= 0xFF01 && r <= 0xFF5E {
		return byte(r - 0xFEE0)
	}
	for _, run := range bestFit {
		if i := int(r - run.first); i >= 0 && i < len(run.to) && run.to[i] != 0 {
			return run.to[i]
		}
	}
	return byte(r)
}

// bestFit are the letters without their accents, and what looks like punctuation; a
// NUL stands where there is nothing close.
var bestFit = [...]struct {
	first rune
	to    string
}{
	{0x00a0, " !c\x00$Y|\x00\x00Ca<\x00-R\x00\x00\x0023\x00\x00\x00.,1o>"},
	{0x00c0, "AAAAAAACEEEEIIIIDNOOOOO\x00OUUUUY\x00\x00aaaaaaaceeeeiiii\x00nooooo\x00ouuuuy\x00yAaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi\x00\x00JjKk\x00LlLlLl\x00\x00LlNnNnNn\x00\x00\x00OoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZ\x00ZzZz\x00b"},
	{0x0189, "D"},
	{0x0191, "Ff"},
	{0x0197, "I\x00\x00l"},
	{0x019f, "OOo"},
	{0x01ab, "t\x00\x00TUu"},
	{0x01b6, "z"},
	{0x01cd, "AaIiOoUuUuUuUuUu\x00Aa"},
	{0x01e4, "GgGgKkOoOo\x00\x00j"},
	{0x0261, "g"},
	{0x02b9, "'\"\x00'"},
	{0x02c4, "^\x00^\x00'\x00\x00`\x00_"},
	{0x02dc, "~"},
	{0x0300, "`\x00^~"},
	{0x030e, "\""},
	{0x0331, "__"},
	{0x2000, "       "},
	{0x2010, "--\x00--\x00\x00\x00'',\x00\"\"\"\x00\x00\x00.\x00\x00\x00."},
	{0x2032, "'\x00\x00`\x00\x00\x00<>"},
	{0x2122, "T"},
}
