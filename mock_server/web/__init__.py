"""HTTP as Waldur speaks it: routes, access, intake, lists, replies, problems. Knows `spec/` and no billing."""
