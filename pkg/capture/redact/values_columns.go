package redact

// table knows the columns of rows that JSON keeps beside their names:
// {"columns":["id","phone"],"rows":[[1,"030 12345"]]}.
type table struct {
	columns [][]byte
	opened  []byte // what is open: '{', '['
	at      []int  // which element of each
}

var columnNames = NewNames("columns", "fields", "headers", "header", "cols", "column_names", "fieldnames")

func (t *table) open(c byte, name []byte) {
	if c == '[' && columnNames.Has(name) {
		t.columns = t.columns[:0]
	}
	if len(t.opened) < maxDepth {
		t.opened, t.at = append(t.opened, c), append(t.at, 0)
	}
}

func (t *table) close() {
	if n := len(t.opened); n > 0 {
		t.opened, t.at = t.opened[:n-1], t.at[:n-1]
	}
}

func (t *table) next(c byte) {
	if n := len(t.at); c == ',' && n > 0 {
		t.at[n-1]++
	}
}

// read takes up the name of a column.
func (t *table) read(name, text []byte) {
	if n := len(t.opened); n > 0 && t.opened[n-1] == '[' && columnNames.Has(name) && len(text) <= maxName && len(t.columns) < maxDepth {
		t.columns = append(t.columns, text)
	}
}

// name is what a value of a row is called by its column, else as it is called.
func (t *table) name(name []byte) []byte {
	n := len(t.opened)
	if len(t.columns) == 0 || n < 2 || t.opened[n-1] != '[' || t.opened[n-2] != '[' || t.at[n-1] >= len(t.columns) {
		return name
	}
	return t.columns[t.at[n-1]]
}
