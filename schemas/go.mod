module github.com/miradorhq/mirador/schemas

go 1.26.0
