"""HTTP as Waldur speaks it: routes, access, calls, lists, replies, problems. Knows `spec/` and no billing."""
