-- Alerts: whom an organization wants told, and what they were told. Run as
-- sql/README.md says.

set local role scim_owner;

-- The addresses are what admin/alert.c takes, seen a second time: nothing in
-- them can end a line or a header.
create table scim.alert_settings(
  org_id int primary key references scim.organizations,
  addresses text[] not null default '{}'
    check (cardinality(addresses) <= 20
      and array_to_string(addresses, ' ', '')
        ~ '^([A-Za-z0-9_+.-]+@[A-Za-z0-9.-]+( (?=[^ ])|$))*$'),
  version int not null default 1);

-- A row as long as the hint is there: each is told once.
create table scim.alerts(
  org_id int not null references scim.organizations,
  code text collate "C" not null,
  subject text collate "C" not null, -- '': the organization's own
  severity text collate "C" not null,
  began timestamptz(3) not null default now(),
  mailed timestamptz(3),
  handed timestamptz(3), -- to the installation's program
  primary key (org_id, code, subject, severity));

alter table scim.alert_settings enable row level security;
create policy organization on scim.alert_settings
  using (org_id = current_setting('scim.org')::int);
alter table scim.alerts enable row level security;
create policy organization on scim.alerts
  using (org_id = current_setting('scim.org')::int);
grant select, insert, update on scim.alert_settings to scim_admin;
grant select on scim.alerts to scim_admin;

update scim.schema set version = 6;

reset role;
