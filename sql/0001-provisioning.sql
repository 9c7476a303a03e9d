-- Organizations, tokens, users, groups, memberships and the journal.
-- Run as one transaction by a superuser, or by a role with CREATEROLE and with
-- CREATE on the database. README.md has the tables and who may read them.

-- Roles belong to the cluster: another database of it may have made them
-- already, or be making them right now.
do $$
declare
  r text;
begin
  foreach r in array array['scim_owner nologin', 'scim_httpd login',
      'scim_reader nologin'] loop
    begin
      execute 'create role ' || r;
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
end $$;

-- Also of a role that was there before; who may not alter it keeps its own.
do $$
begin
  -- Compiling costs more than any statement of ours takes.
  alter role scim_httpd set jit = off;
  -- Same size as pglz and cheaper; matters above 2 KB only.
  alter role scim_httpd set default_toast_compression = lz4;
exception
  -- A server that was built without lz4.
  when invalid_parameter_value then
    alter role scim_httpd set jit = off;
  when insufficient_privilege then
    raise notice 'scim_httpd is not ours to alter: set jit = off for it';
end $$;

-- Whoever is no superuser must be a member to hand the schema over.
do $$
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant scim_owner to %I', current_user);
  end if;
exception when insufficient_privilege or unique_violation then null;
end $$;

create schema scim authorization scim_owner;

set local role scim_owner;

grant usage on schema scim to scim_httpd, scim_reader;

-- A module built for version n serves when compatible_from <= n <= version.
create table scim.schema(
  version int not null,
  compatible_from int not null,
  fold_version int not null);
create unique index schema_one_row on scim.schema((true));

-- ------------------------------------------------------------ the owner's side

-- A row stays for ever: a slug that was used once leads nowhere else.
create table scim.organizations(
  org_id int generated always as identity primary key,
  slug text collate "C" not null unique
    check (slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
  name text not null,
  owner int not null,
  owner_is_owner boolean not null generated always as (true) stored,
  scim_on boolean not null default false,
  suspended boolean not null default false,
  live boolean not null generated always as (scim_on and not suspended) stored,
  -- Groups have been put into groups; stays. Most organizations never do, and
  -- their users' groups need no recursion.
  nested boolean not null default false,
  created timestamptz(3) not null default now(),
  settings jsonb not null default '{}',
  -- Seals the cursors of lists, on all nodes and for good.
  cursor_key bytea not null check (octet_length(cursor_key) = 32)
    default sha256(convert_to(gen_random_uuid()::text || gen_random_uuid(),
                              'UTF8')),
  unique (org_id, slug, live, nested)); -- for scim.tokens

create table scim.accounts(
  org_id int not null references scim.organizations
    deferrable initially deferred,
  account_id int not null,
  realm text collate "C" not null,
  name text collate "C" not null,
  role text collate "C" not null check (role in ('owner', 'admin', 'member')),
  is_owner boolean not null generated always as (role = 'owner') stored,
  created timestamptz(3) not null default now(),
  primary key (org_id, account_id),
  unique (org_id, realm, name),
  unique (org_id, account_id, is_owner));

-- An organization always has an owner, and nothing but an owner's account
-- satisfies this. Deferred, as both rows are made in one transaction.
alter table scim.organizations
  add foreign key (org_id, owner, owner_is_owner)
  references scim.accounts(org_id, account_id, is_owner)
  deferrable initially deferred;

create table scim.apps(
  org_id int not null references scim.organizations,
  app_id int not null,
  kind text collate "C" not null
    check (kind in ('entra', 'okta', 'onelogin', 'generic')),
  name text not null,
  strict boolean not null default false,
  whole_organization boolean not null default false,
  passwords boolean not null default false, -- kept, or else dropped
  unique_group_names boolean not null default true,
  created timestamptz(3) not null default now(),
  uninstalled timestamptz(3),
  live boolean not null generated always as (uninstalled is null) stored,
  primary key (org_id, app_id),
  -- for scim.tokens
  unique (org_id, app_id, live, strict, whole_organization, passwords));

-- The numbers in the tokens' texts.
create sequence scim.token_key as bigint;

-- Holds all that a token check asks, so that it reads one row: what belongs to
-- the organization and the app follows them by ON UPDATE CASCADE.
create table scim.tokens(
  org_id int not null,
  key_id bigint not null,
  slug text collate "C" not null,
  org_live boolean not null,
  nested boolean not null,
  app_id int not null,
  app_live boolean not null,
  strict boolean not null,
  whole_organization boolean not null,
  passwords boolean not null,
  hash bytea not null check (octet_length(hash) = 32),
  last_four text collate "C" not null,
  name text not null default '',
  read_only boolean not null default false,
  creator text not null,
  created timestamptz(3) not null default now(),
  expires timestamptz(3),
  revoked timestamptz(3),
  last_used timestamptz(3),
  last_address text,
  -- When the next use is worth a write.
  stale timestamptz(3) not null default '-infinity',
  -- Prepared for the check, in which each operator costs as much as a column.
  good boolean not null generated always as
    (revoked is null and app_live and org_live) stored,
  flags smallint not null generated always as
    (strict::int + 2 * read_only::int + 4 * nested::int
     + 8 * passwords::int) stored,
  -- For scim.app: negative where the app sees the whole organization.
  scope text collate "C" not null generated always as
    ((case when whole_organization then -app_id else app_id end)::text) stored,
  primary key (org_id, key_id),
  foreign key (org_id, slug, org_live, nested)
    references scim.organizations(org_id, slug, live, nested)
    on update cascade,
  foreign key (org_id, app_id, app_live, strict, whole_organization, passwords)
    references scim.apps(org_id, app_id, live, strict, whole_organization,
                         passwords)
    on update cascade)
  with (fillfactor = 50); -- last_used changes in place, and is never indexed

-- ---------------------------------------------------------------------- users

-- The *_name columns and external_id are keys: folded in C, but external_id,
-- which is case-exact. What the client sent is in body.
create table scim.users(
  org_id int not null,
  app_id int not null,
  created timestamptz(3) not null default now(),
  last_modified timestamptz(3) not null default now(),
  version int not null default 1,
  active boolean not null,
  id uuid not null,
  user_name text collate "C" not null,
  external_id text collate "C",
  display_name text collate "C",
  family_name text collate "C",
  -- Without id, meta and groups. Nothing else large in this row: a second
  -- kilobyte pushes it into TOAST, and scans cost thirty times as much.
  body text not null,
  -- app_id is free here: it fills alignment padding.
  primary key (org_id, id) include (app_id),
  foreign key (org_id, app_id) references scim.apps);
create unique index users_user_name on scim.users(org_id, user_name)
  include (id, app_id); -- deep pages do not read the rows before them
create index users_external_id on scim.users(org_id, external_id)
  where external_id is not null;
create index users_display_name on scim.users(org_id, display_name, id)
  include (app_id);
create index users_family_name on scim.users(org_id, family_name, id)
  include (app_id);
create index users_last_modified on scim.users(org_id, last_modified, id)
  include (app_id);
create index users_inactive on scim.users(org_id, id) include (app_id)
  where not active;

-- The folded document, for filters and sorts that have no key.
create table scim.user_folded(
  org_id int not null,
  user_id uuid not null,
  folded jsonb not null,
  primary key (org_id, user_id),
  foreign key (org_id, user_id) references scim.users on delete cascade)
  with (fillfactor = 80); -- no index on folded: a change stays in its page

-- Hashes (crypt's yescrypt) of passwords, where an app keeps them. Nobody but
-- the owner's two functions reads or writes it.
create table scim.passwords(
  org_id int not null,
  user_id uuid not null,
  hash text collate "C" not null,
  changed timestamptz(3) not null default now(),
  primary key (org_id, user_id),
  foreign key (org_id, user_id) references scim.users on delete cascade);

-- Values of attributes that are looked for, a row each.
create table scim.user_values(
  org_id int not null,
  attr smallint not null, -- rows of one that is gone mean nothing
  elem smallint not null, -- position in the multi-valued attribute
  user_id uuid not null,
  value text collate "C" not null check (octet_length(value) <= 1024),
  -- The element's folded type, so that emails[type eq "work"].value eq is one
  -- probe; NULL also for a type of more than 256 bytes.
  kind text collate "C" check (octet_length(kind) <= 256),
  primary key (org_id, user_id, attr, elem),
  foreign key (org_id, user_id) references scim.users on delete cascade);
create index user_values_value
  on scim.user_values(org_id, attr, value, user_id) include (kind);
alter table scim.user_values alter column value set statistics 500;

-- --------------------------------------------------------------------- groups

-- Every change of membership raises version: half empty pages keep that HOT,
-- and so does the missing index on last_modified.
create table scim.groups(
  org_id int not null,
  app_id int not null,
  created timestamptz(3) not null default now(),
  last_modified timestamptz(3) not null default now(),
  version bigint not null default 1,
  id uuid not null,
  name text not null, -- displayName as it was sent
  display_name text collate "C" not null,
  external_id text collate "C",
  unique_name boolean not null default true,
  body text not null,
  folded jsonb not null,
  primary key (org_id, id) include (app_id),
  foreign key (org_id, app_id) references scim.apps)
  with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
create unique index groups_display_name
  on scim.groups(org_id, app_id, display_name) where unique_name;
create index groups_display on scim.groups(org_id, display_name, id)
  include (app_id);
create index groups_external_id on scim.groups(org_id, external_id)
  where external_id is not null;

-- No cascade: a version that somebody forgot to raise must fail.
create table scim.group_users(
  org_id int not null,
  group_id uuid not null,
  user_id uuid not null,
  primary key (org_id, group_id, user_id),
  foreign key (org_id, group_id) references scim.groups,
  foreign key (org_id, user_id) references scim.users);
create unique index group_users_user
  on scim.group_users(org_id, user_id, group_id);

create table scim.group_groups(
  org_id int not null,
  group_id uuid not null,
  child_id uuid not null check (child_id <> group_id),
  primary key (org_id, group_id, child_id),
  foreign key (org_id, group_id) references scim.groups,
  foreign key (org_id, child_id) references scim.groups);
create unique index group_groups_child
  on scim.group_groups(org_id, child_id, group_id);

-- ----------------------------------------------- resource types from files

-- Of whatever types httpd's ScimResourceType files name; what refers to others
-- is data in body.
create table scim.resources(
  org_id int not null,
  app_id int not null,
  created timestamptz(3) not null default now(),
  last_modified timestamptz(3) not null default now(),
  version int not null default 1,
  id uuid not null,
  resource_type text collate "C" not null,
  external_id text collate "C",
  body text not null,
  folded jsonb not null,
  primary key (org_id, id),
  foreign key (org_id, app_id) references scim.apps)
  with (fillfactor = 80);
create index resources_type on scim.resources(org_id, resource_type, id)
  include (app_id);
create index resources_external_id
  on scim.resources(org_id, resource_type, external_id)
  where external_id is not null;

-- Values of attributes from files whose uniqueness is "server", folded: one
-- owner each among the resources of a type in the organization.
create table scim.unique_values(
  org_id int not null,
  resource_type text collate "C" not null,
  attr text collate "C" not null, -- path of the attribute
  value text collate "C" not null check (octet_length(value) <= 1024),
  id uuid not null,
  primary key (org_id, resource_type, attr, value));
create index unique_values_id on scim.unique_values(org_id, id);

-- Takes the values ({attr, value} each) for a resource. The error names the
-- attribute of one that another resource has.
create function scim.claim_values(p_org int, p_id uuid, p_type text,
                                  p_values json) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  taken text;
begin
  with wanted as (
    select distinct w.attr, w.value
      from json_to_recordset(p_values) as w(attr text, value text)),
  claimed as (
    insert into scim.unique_values(org_id, resource_type, attr, value, id)
    select p_org, p_type, w.attr, w.value, p_id from wanted w
     order by w.attr collate "C", w.value collate "C"
    on conflict do nothing returning attr, value)
  select w.attr into taken from wanted w
    left join claimed c on c.attr = w.attr and c.value = w.value
   where c.attr is null order by w.attr limit 1;
  if found then
    raise unique_violation using message = 'a value is taken',
      constraint = 'unique_values', column = taken;
  end if;
end $$;
revoke all on function scim.claim_values from public;
grant execute on function scim.claim_values to scim_httpd;

-- A deleted resource: its names are free, its id is its own for ever.
create table scim.tombstones(
  org_id int not null,
  id uuid not null,
  app_id int not null,
  resource_type text collate "C" not null,
  name text collate "C",
  external_id text collate "C",
  created timestamptz(3) not null, -- the resource
  deleted timestamptz(3) not null default now(),
  version bigint not null, -- that the deletion made
  body text, -- NULL: erased
  primary key (org_id, id));

-- -------------------------------------------------------------------- journal

create sequence scim.journal_seq cache 32;

-- README.md has the form of a row. Only version tells the order of the writes
-- of a resource: seq and at are taken before its lock.
create table scim.journal(
  org_id int not null,
  at timestamptz(3) not null default now(),
  seq bigint not null default nextval('scim.journal_seq'),
  -- Readers that must miss nothing stop at the xmin of their snapshot.
  xid xid8 not null default pg_current_xact_id(),
  format smallint not null default 1,
  actor_kind text collate "C" not null
    check (actor_kind in ('token', 'account', 'scimctl', 'system')),
  actor text not null,
  app_id int, -- whose token that is; of what an owner restores: its own
  action text collate "C" not null,
  resource_type text collate "C",
  resource uuid,
  version bigint, -- that the write made of the resource; NULL: none
  part int not null default 0, -- 1 and more: members only, of the same version
  name text,
  status smallint,
  scim_type text collate "C",
  detail text,
  changes jsonb, -- before, after, members, warnings, cause
  added uuid[], removed uuid[], -- members, at most a thousand in a row
  duration_ms int,
  request_id text,
  address text,
  primary key (org_id, at, seq)) partition by range (at);

create table scim.journal_default partition of scim.journal default;

-- Makes the partition of the month that `day` is in; false if it is there.
-- What went into the default partition meanwhile moves over.
create function scim.journal_partition(day date) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp
set timezone = 'UTC' as $$
declare
  first date := date_trunc('month', day)::date;
  next date := (date_trunc('month', day) + interval '1 month')::date;
  name text := 'journal_' || to_char(day, 'YYYYMM');
begin
  if to_regclass('scim.' || name) is not null then
    return false;
  end if;
  lock table scim.journal_default in access exclusive mode;
  execute format('create table scim.%I (like scim.journal including defaults'
                 ' including constraints)', name);
  execute format('alter table scim.%I enable row level security', name);
  execute format('with moved as (delete from scim.journal_default'
                 ' where at >= %L::timestamptz and at < %L::timestamptz'
                 ' returning *) insert into scim.%I select * from moved',
                 first, next, name);
  execute format('alter table scim.journal attach partition scim.%I'
                 ' for values from (%L) to (%L)', name,
                 first::timestamptz, next::timestamptz);
  return true;
end $$;
revoke all on function scim.journal_partition from public;

select scim.journal_partition((now() + n * interval '1 month')::date)
  from generate_series(0, 3) n;

-- -------------------------------------------------- who sees which rows

-- The second wall: a transaction sees the organization that its token named,
-- and fails where no token did.
do $$
declare
  t text;
begin
  foreach t in array array['organizations', 'accounts', 'apps', 'tokens',
      'users', 'passwords', 'user_folded', 'user_values', 'groups',
      'group_users', 'group_groups', 'resources', 'unique_values',
      'tombstones', 'journal', 'journal_default'] loop
    execute format('alter table scim.%I enable row level security', t);
    -- Not (select ...): where the statement names the organization, which all
    -- do, the planner asks this once, and an InitPlan costs more.
    execute format('create policy organization on scim.%I using (org_id ='
                   ' current_setting(''scim.org'')::int)', t);
  end loop;
end $$;

grant select, insert, update, delete
  on scim.users, scim.user_folded, scim.user_values, scim.groups,
     scim.group_users, scim.group_groups, scim.resources, scim.unique_values
  to scim_httpd;
grant select, insert on scim.tombstones, scim.journal to scim_httpd;
grant usage on sequence scim.journal_seq to scim_httpd;
grant select on scim.schema to scim_httpd, scim_reader;
grant select (org_id, app_id, kind, name, strict, unique_group_names)
  on scim.apps to scim_httpd;

-- Index-only scans (count, co, offsets) live from the visibility map.
alter table scim.users set (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02);
alter table scim.user_values set (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.02);
alter table scim.group_users set (autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_insert_scale_factor = 0.02);

-- --------------------------------------------------------------- token check

-- What the first statement of every transaction reads. A view, not a function:
-- it goes into the statement's plan, and costs a quarter less. It holds hashes
-- of 256 random bits and nothing else worth a barrier.
create view scim.token_check as
  select t.org_id, t.key_id, t.hash, t.slug, t.app_id, t.flags, t.scope,
         t.read_only, t.stale
    from scim.tokens t
   where t.good and (t.expires is null or t.expires > now());
grant select on scim.token_check to scim_httpd;

-- The groups that a user is in directly, as far as the app may see them. The
-- owner's view, with the wall of the policies in it once: every GET of a user
-- asks it. OFFSET 0: one look-up for each membership, also where the planner
-- thinks that few groups are visible and would read them all.
create view scim.direct_groups as
  select m.org_id, m.user_id, g.id, g.name
    from scim.group_users m
   cross join lateral (
     select g.id, g.name from scim.groups g
      where g.org_id = m.org_id and g.id = m.group_id
        and (g.app_id = current_setting('scim.app')::int
             or current_setting('scim.app')::int < 0) offset 0) g
   where m.org_id = current_setting('scim.org')::int;
grant select on scim.direct_groups to scim_httpd;

-- The secret of the organization that entered; httpd sees no other column.
create view scim.cursor_key with (security_barrier) as
  select o.org_id, o.cursor_key from scim.organizations o
   where o.org_id = (select current_setting('scim.org')::int);
grant select on scim.cursor_key to scim_httpd;

-- Called when a group gets a group as its member.
create function scim.groups_nest() returns void language sql volatile
security definer set search_path = pg_catalog, pg_temp as $$
  update scim.organizations set nested = true
   where org_id = current_setting('scim.org')::int and not nested $$;
revoke all on function scim.groups_nest from public;
grant execute on function scim.groups_nest to scim_httpd;

-- In the transaction that writes the user. No hash: ends it, true if it was.
create function scim.password_set(p_org int, p_user uuid, p_hash text)
returns boolean language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  insert into scim.passwords as p (org_id, user_id, hash)
  select u.org_id, u.id, p_hash from scim.users u
   where u.org_id = p_org and u.id = p_user and p_hash is not null
     and p_org = current_setting('scim.org')::int
  on conflict (org_id, user_id) do update set hash = p_hash, changed = now();
  delete from scim.passwords
   where p_hash is null and org_id = p_org and user_id = p_user
     and org_id = current_setting('scim.org')::int returning true $$;

-- What signing in needs, of one user by the folded name.
create function scim.password_of(p_slug text, p_user_name text)
returns table (hash text, active boolean) language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select p.hash, u.active and not o.suspended
    from scim.organizations o
    join scim.users u on u.org_id = o.org_id and u.user_name = p_user_name
    join scim.passwords p on p.org_id = u.org_id and p.user_id = u.id
   where o.slug = p_slug $$;
revoke all on function scim.password_set, scim.password_of from public;
grant execute on function scim.password_set, scim.password_of to scim_httpd;

-- Why a known token was refused; no row for one that is not known, a NULL
-- reason for one that is good.
create function scim.token_refusal(p_org int, p_key bigint, p_hash bytea,
                                   p_slug text)
returns table (reason text, since timestamptz, read_only boolean)
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select case when o.slug <> p_slug then 'elsewhere'
              when t.revoked is not null then 'revoked'
              when t.expires <= now() then 'expired'
              when a.uninstalled is not null then 'uninstalled'
              when o.suspended then 'suspended'
              when not o.scim_on then 'off' end,
         case when t.revoked is not null then t.revoked else t.expires end,
         t.read_only
    from scim.tokens t
    join scim.apps a on a.org_id = t.org_id and a.app_id = t.app_id
    join scim.organizations o on o.org_id = t.org_id
   where t.org_id = p_org and t.key_id = p_key and t.hash = p_hash $$;
revoke all on function scim.token_refusal from public;
grant execute on function scim.token_refusal to scim_httpd;

-- Last use, at most once a minute. Whoever finds the row locked lets the other
-- one write it, and nobody waits for the disk.
create function scim.token_used(p_org int, p_key bigint, p_hash bytea,
                                p_address text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  select set_config('synchronous_commit', 'off', true);
  update scim.tokens t set last_used = now(), last_address = p_address,
         stale = now() + interval '1 minute'
    from (select ctid from scim.tokens
           where org_id = p_org and key_id = p_key and hash = p_hash
             and stale < now()
             for update skip locked) free
   where t.ctid = free.ctid and t.org_id = p_org $$;
revoke all on function scim.token_used from public;
grant execute on function scim.token_used to scim_httpd;

-- ------------------------------------------------------- what others may read

-- Users and the groups that they are in, directly or through other groups.
create view scim.members with (security_barrier) as
  select o.slug as organization, u.id as user_id,
         u.body::jsonb ->> 'userName' as user_name, u.active,
         g.id as group_id, g.name as group_name,
         exists (select from scim.group_users d
                  where d.org_id = u.org_id and d.group_id = g.id
                    and d.user_id = u.id) as direct
    from scim.users u
    join scim.organizations o on o.org_id = u.org_id
    cross join lateral (
      with recursive up(id) as (
        select group_id from scim.group_users d
         where d.org_id = u.org_id and d.user_id = u.id
        union
        select e.group_id from up join scim.group_groups e
            on e.org_id = u.org_id and e.child_id = up.id)
      select id from up) up
    join scim.groups g on g.org_id = u.org_id and g.id = up.id;
grant select on scim.members to scim_reader;

insert into scim.schema(version, compatible_from, fold_version)
values (1, 1, 1);

reset role;
