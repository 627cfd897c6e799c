// Command responder runs the service of that name.
package main

import "github.com/miradorhq/mirador/services/platform"

func main() { platform.Main("responder") }
