-- Stacks, roles and group mappings; accounts that are links of users; the way
-- of an account into its organization. Run as sql/README.md says.

-- What the admin API's transactions become, and nothing else of httpd does:
-- scim_httpd holds none of these rights until it asks (SET LOCAL ROLE).
do $$
begin
  create role scim_admin nologin;
exception when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  alter role scim_httpd noinherit;
  grant scim_admin to scim_httpd;
exception when insufficient_privilege then
  raise notice 'scim_httpd is not ours to alter: make it noinherit and a'
               ' member of scim_admin';
end $$;

set local role scim_owner;

grant usage on schema scim to scim_admin;

alter table scim.organizations
  add version int not null default 1,
  -- An active provisioned user holds the role member.
  add members_by_default boolean not null default true,
  -- The mapped role admin makes an administrator of a linked account.
  add mapped_admins boolean not null default false,
  -- The numbers of apps, stacks, ..., none of which is given twice.
  add last_number int not null default 1000,
  add deleted timestamptz(3);

alter table scim.accounts
  add version int not null default 1,
  -- Whom this person is among the provisioned users: by id, confirmed once by
  -- an owner. No foreign key: the link of a deleted user leads nowhere.
  add user_id uuid,
  add linked timestamptz(3),
  add last_seen timestamptz(3);
create unique index accounts_user on scim.accounts(org_id, user_id)
  where user_id is not null;

alter table scim.apps
  add version int not null default 1,
  -- What its groups would grant has no effect yet.
  add rehearsing boolean not null default false;

alter table scim.tokens
  -- The key of the token made in its place: the first use of that one ends
  -- this one, an hour later.
  add replaced_by bigint;

-- key: the name, folded in C.
create table scim.stacks(
  org_id int not null references scim.organizations,
  stack_id int not null,
  key text collate "C" not null,
  name text not null,
  description text not null default '',
  created timestamptz(3) not null default now(),
  version int not null default 1,
  primary key (org_id, stack_id),
  unique (org_id, key));

-- Of the organization, for any of its stacks. Nobody is granted Owner.
create table scim.stack_roles(
  org_id int not null references scim.organizations,
  role_id int not null,
  key text collate "C" not null check (key <> 'owner'),
  name text not null,
  description text not null default '',
  -- One that must not come back by itself, when a group is made again.
  administers boolean not null default false,
  seeded boolean not null default false,
  created timestamptz(3) not null default now(),
  version int not null default 1,
  primary key (org_id, role_id),
  unique (org_id, key));

-- Belongs to the group's id and outlives the group: it is dormant from then
-- on, and the group's tombstone says since when.
create table scim.group_mappings(
  org_id int not null references scim.organizations,
  mapping_id int not null,
  group_id uuid not null,
  organization_role text collate "C"
    check (organization_role in ('admin', 'member')),
  created timestamptz(3) not null default now(),
  changed timestamptz(3) not null default now(),
  changed_by text not null,
  version int not null default 1,
  primary key (org_id, mapping_id),
  unique (org_id, group_id));

create table scim.mapping_roles(
  org_id int not null,
  mapping_id int not null,
  stack_id int, -- NULL: every stack, those to come as well
  role_id int not null,
  foreign key (org_id, mapping_id) references scim.group_mappings
    on delete cascade,
  foreign key (org_id, stack_id) references scim.stacks,
  foreign key (org_id, role_id) references scim.stack_roles);
create unique index mapping_roles_once
  on scim.mapping_roles(org_id, mapping_id, role_id, (coalesce(stack_id, 0)));
create index mapping_roles_stack on scim.mapping_roles(org_id, stack_id);
create index mapping_roles_role on scim.mapping_roles(org_id, role_id);

-- The life of a resource, and what readers follow.
create index journal_resource on scim.journal(org_id, resource, version);
create index journal_xid on scim.journal(org_id, xid);

-- ---------------------------------------------------------- who may do what

do $$
declare
  t text;
begin
  foreach t in array array['stacks', 'stack_roles', 'group_mappings',
      'mapping_roles'] loop
    execute format('alter table scim.%I enable row level security', t);
    execute format('create policy organization on scim.%I using (org_id ='
                   ' current_setting(''scim.org'')::int)', t);
  end loop;
end $$;

grant select, insert, update, delete
  on scim.accounts, scim.apps, scim.tokens, scim.stacks, scim.stack_roles,
     scim.group_mappings, scim.mapping_roles
  to scim_admin;
grant select, update on scim.organizations to scim_admin;
grant select, insert, update, delete
  on scim.users, scim.user_folded, scim.user_values, scim.groups,
     scim.group_users, scim.group_groups, scim.resources, scim.unique_values,
     scim.tombstones
  to scim_admin;
grant select, insert on scim.journal to scim_admin;
grant usage on sequence scim.journal_seq, scim.token_key to scim_admin;
grant select on scim.schema, scim.attributes to scim_admin;

-- The roles that every organization begins with.
create function scim.seed_roles(p_org int) returns void
language sql volatile set search_path = pg_catalog, pg_temp as $$
  insert into scim.stack_roles(org_id, role_id, key, name, description,
                               administers, seeded)
  values (p_org, 1, 'admin', 'Admin',
          'Looks after the stack and everything in it.', true, true),
         (p_org, 2, 'developer', 'Developer',
          'Changes how the stack works.', false, true),
         (p_org, 3, 'content manager', 'Content Manager',
          'Changes what the stack holds.', false, true) $$;
revoke all on function scim.seed_roles from public;

select scim.seed_roles(org_id) from scim.organizations;

-- Last use, at most once a minute. Whoever finds the row locked lets the other
-- one write it, and nobody waits for the disk. The first use ends the tokens
-- that this one replaces.
create or replace function scim.token_used(p_org int, p_key bigint,
                                           p_hash bytea, p_address text)
returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  select set_config('synchronous_commit', 'off', true);
  with used as (
    update scim.tokens t set last_used = now(), last_address = p_address,
           stale = now() + interval '1 minute'
      from (select ctid, last_used is null as is_first from scim.tokens
             where org_id = p_org and key_id = p_key and hash = p_hash
               and stale < now()
               for update skip locked) free
     where t.ctid = free.ctid and t.org_id = p_org
    returning free.is_first)
  update scim.tokens t
     set expires = least(t.expires, now() + interval '1 hour')
    from used
   where used.is_first and t.org_id = p_org and t.replaced_by = p_key $$;

-- Everything of an organization but its slug, which leads nowhere from now on;
-- of its accounts one, without a name, as the constraint needs one. Says how
-- many rows of what there were. What refers to others goes before them.
create function scim.organization_erase(p_org int) returns jsonb
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  t record;
  gone bigint;
  counts jsonb := '{}';
begin
  if p_org is distinct from current_setting('scim.org')::int then
    raise exception 'another organization';
  end if;
  for t in
    with recursive tables as (
      select c.oid, c.relname from pg_class c
       where c.relnamespace = 'scim'::regnamespace and c.relkind in ('r', 'p')
         and not c.relispartition
         and c.relname not in ('organizations', 'accounts')
         and exists (select from pg_attribute a where a.attrelid = c.oid
                      and a.attname = 'org_id' and not a.attisdropped)),
    depth(oid, n) as (
      select oid, 0 from tables
      union
      select k.confrelid, d.n + 1 from depth d
        join pg_constraint k on k.conrelid = d.oid and k.contype = 'f'
        join tables on tables.oid = k.confrelid
       where k.confrelid <> k.conrelid)
    select tables.relname from depth join tables using (oid)
     group by tables.relname order by max(n), tables.relname
  loop
    execute format('delete from scim.%I where org_id = $1', t.relname)
      using p_org;
    get diagnostics gone = row_count;
    if gone > 0 then
      counts := counts || jsonb_build_object(t.relname, gone);
    end if;
  end loop;
  delete from scim.accounts c using scim.organizations o
   where c.org_id = p_org and o.org_id = p_org and c.account_id <> o.owner;
  update scim.accounts set realm = '', name = '', user_id = null,
         linked = null, last_seen = null where org_id = p_org;
  update scim.organizations set name = '', scim_on = false, suspended = false,
         settings = '{}', cursor_key = default, deleted = now(),
         version = version + 1
   where org_id = p_org;
  return counts;
end $$;
revoke all on function scim.organization_erase from public;
grant execute on function scim.organization_erase to scim_admin;

-- The organization that an account asks for, if it has a part in it; sets it,
-- and the time (ms) that statements and locks get, for the transaction.
create function scim.admin_enter(p_slug text, p_realm text, p_name text,
                                 p_ms int)
returns table (org_id int, account_id int, role text, limits text)
language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  select o.org_id, c.account_id, c.role,
         set_config('scim.org', o.org_id::text, true)
         || set_config('scim.app', '-1', true)
         || set_config('statement_timeout', p_ms::text, true)
         || set_config('lock_timeout', (p_ms / 2 + 1)::text, true)
         || set_config('idle_in_transaction_session_timeout', p_ms::text, true)
    from scim.organizations o
    join scim.accounts c on c.org_id = o.org_id
     and c.realm = p_realm and c.name = p_name
    left join scim.users u on u.org_id = c.org_id and u.id = c.user_id
   where o.slug = p_slug and o.deleted is null
     -- An owner gets in whatever the identity provider says.
     and (c.is_owner or (not o.suspended
                         and (c.user_id is null or u.active))) $$;
revoke all on function scim.admin_enter from public;
grant execute on function scim.admin_enter to scim_httpd;

-- Those that an account has a part in.
create function scim.admin_organizations(p_realm text, p_name text)
returns table (slug text, name text, role text)
language sql stable security definer
set search_path = pg_catalog, pg_temp as $$
  select o.slug, o.name, c.role
    from scim.accounts c
    join scim.organizations o on o.org_id = c.org_id
    left join scim.users u on u.org_id = c.org_id and u.id = c.user_id
   where c.realm = p_realm and c.name = p_name and o.deleted is null
     and (c.is_owner or (not o.suspended
                         and (c.user_id is null or u.active))) $$;
revoke all on function scim.admin_organizations from public;
grant execute on function scim.admin_organizations to scim_httpd;
create index accounts_person on scim.accounts(realm, name);

update scim.schema set version = 2;

reset role;
