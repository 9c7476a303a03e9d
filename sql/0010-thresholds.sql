-- When hints speak, for each organization: after how long an app that nobody
-- contacts is silent, and users who are inactive are mentioned. And what was
-- deleted last. Run as sql/README.md says.

set local role scim_owner;

alter table scim.alert_settings
  add silent_hours int not null default 48
    check (silent_hours between 1 and 8760),
  add inactive_days int not null default 90
    check (inactive_days between 1 and 3650);

create index tombstones_deleted
  on scim.tombstones(org_id, resource_type, deleted, id);

update scim.schema set version = 10;

reset role;
