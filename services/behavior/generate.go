package behavior

//go:generate go run ./describe
