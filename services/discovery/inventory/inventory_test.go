package inventory_test

import (
	"testing"

	"github.com/miradorhq/mirador/pkg/catalog"
	"github.com/miradorhq/mirador/services/discovery/inventory"
	"github.com/miradorhq/mirador/services/discovery/lookalike"
)

func endpoint(tenant, method, template string, supersedes ...string) catalog.Endpoint {
	return catalog.Endpoint{
		ID: catalog.ID(tenant, "api.example", method, template), Tenant: tenant, Host: "api.example", Method: method, Template: template,
		Protocol: "rest", Source: catalog.Learned, Version: 1, Supersedes: supersedes,
	}
}

func request(path string) lookalike.Request {
	return lookalike.Request{Host: "api.example", Method: "GET", Path: []byte(path)}
}

func TestInventoryFollowsTheCatalog(t *testing.T) {
	v := inventory.New()
	if _, ok := v.Resembles("a", request("/Admin/users")); ok {
		t.Error("something resembles an empty inventory")
	}
	users := endpoint("a", "GET", "/admin/users")
	v.Apply(users)
	v.Apply(endpoint("b", "GET", "/other"))
	if _, ok := v.Resembles("a", request("/Admin/users")); ok {
		t.Error("an index changed before Refresh")
	}
	v.Refresh()
	m, ok := v.Resembles("a", request("/Admin/users"))
	if !ok || m.EndpointID != users.ID {
		t.Errorf("resembles %v, %v", m, ok)
	}
	if _, ok := v.Resembles("b", request("/Admin/users")); ok {
		t.Error("a request resembles an endpoint of another tenant")
	}
	v.Remove("a", users.ID)
	v.Refresh()
	if _, ok := v.Resembles("a", request("/Admin/users")); ok {
		t.Error("a request resembles what was removed")
	}
}

func TestMergedEndpointsAreNotListed(t *testing.T) {
	v := inventory.New()
	bob, me := endpoint("a", "GET", "/users/bob"), endpoint("a", "GET", "/users/me")
	v.Apply(bob)
	v.Apply(me)
	v.Apply(endpoint("a", "GET", "/users/{string}", bob.ID))
	if got := v.Endpoints("a"); len(got) != 2 || got[0].ID == bob.ID || got[1].ID == bob.ID {
		t.Errorf("endpoints %v", got)
	}
	if got := v.Tenants(); len(got) != 1 || got[0] != "a" {
		t.Errorf("tenants %v", got)
	}
}
