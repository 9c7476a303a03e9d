-- What users hold by the mappings of their groups: as views, which are the
-- truth; and as permissions_held, which says what the journal has told of it.

set local role scim_owner;

-- ------------------------------------------------------ what is held, by whom

-- Of all organizations and for nobody but the two views below. Active users
-- hold what their groups are mapped to, nested ones included: the highest
-- organization role, the union of the stack roles. A group that is gone has a
-- dormant mapping and no members; one of a rehearsing app grants nothing.
-- OFFSET 0: one look-up for each group, whatever the planner thinks of the
-- sizes of tables.
create view scim.effective as
  select o.org_id, o.slug, u.id as user_id, u.body, x.organization_role,
         x.stack_id, x.role_id
    from scim.organizations o
    join scim.users u on u.org_id = o.org_id
   cross join lateral (
     with recursive up(id) as (
       select d.group_id from scim.group_users d
        where d.org_id = u.org_id and d.user_id = u.id
       union
       select e.group_id from up
        cross join lateral (
          select e.group_id from scim.group_groups e
           where e.org_id = u.org_id and e.child_id = up.id offset 0) e),
     given as materialized (
       select m.mapping_id, m.organization_role from up
        cross join lateral (
          select m.mapping_id, m.organization_role
            from scim.group_mappings m
            join scim.groups g on g.org_id = m.org_id and g.id = m.group_id
            join scim.apps a on a.org_id = g.org_id and a.app_id = g.app_id
           where m.org_id = u.org_id and m.group_id = up.id
             and not a.rehearsing offset 0) m),
     roles as (
       select distinct s.stack_id, r.role_id from given
        cross join lateral (
          select r.stack_id, r.role_id from scim.mapping_roles r
           where r.org_id = u.org_id and r.mapping_id = given.mapping_id
          offset 0) r
         join scim.stacks s on s.org_id = u.org_id
          and (r.stack_id is null or s.stack_id = r.stack_id)),
     best as (
       select case when bool_or(organization_role = 'admin') then 'admin'
                   when o.members_by_default
                     or bool_or(organization_role = 'member') then 'member'
              end as organization_role from given)
     select b.organization_role, r.stack_id, r.role_id
       from best b left join roles r on true
      where b.organization_role is not null or r.role_id is not null) x
   where u.active and not o.suspended and o.deleted is null;

-- API: a row for each stack role that an active user holds, and one without
-- stack for who holds none but is something in the organization.
create view scim.permissions with (security_barrier) as
  select e.slug as organization, e.user_id,
         e.body::jsonb ->> 'userName' as user_name, e.organization_role,
         s.name as stack, r.name as role
    from scim.effective e
    left join scim.stacks s on s.org_id = e.org_id and s.stack_id = e.stack_id
    left join scim.stack_roles r
      on r.org_id = e.org_id and r.role_id = e.role_id;
grant select on scim.permissions to scim_reader;

-- The same of the organization that entered, by number.
create view scim.user_permissions with (security_barrier) as
  select e.org_id, e.user_id, e.organization_role, e.stack_id, e.role_id
    from scim.effective e
   where e.org_id = current_setting('scim.org')::int;

-- ------------------------------------------------ what the journal has told

-- In its shortest form: a role in one stack is left out where it is held in
-- every stack, the role member where every active user or an admin has it. Not
-- in here: what suspending the organization takes away and gives back, and the
-- role member by default, of which the organization's and the users' own rows
-- tell. Only the functions below write it.
create table scim.permissions_held(
  org_id int not null,
  user_id uuid not null,
  role_id int not null, -- -1: the organization's member, -2: its admin
  stack_id int not null, -- 0: every stack, and with the organization's roles
  primary key (org_id, user_id, role_id, stack_id));

-- The journal's columns that say on whose behalf.
create type scim.origin as (
  actor_kind text, actor text, app_id int, duration_ms int, request_id text,
  address text);

-- Corrects what is held by these users, and tells the journal of each
-- difference: actions permission.gain and permission.loss, changes
-- {role, role_id, stack, stack_id or every_stack, cause} or
-- {organization_role, cause}. p_gone: a user or group that is about to be
-- deleted, and counts as gone. The caller has made sure that nobody else
-- changes permissions of these users.
--
-- One plan for all sizes, as hash joins cost little where there is one user:
-- planning anew would cost more than running it.
create function scim.permissions_settle(p_org int, p_users uuid[], p_gone uuid,
                                        p_cause jsonb, p_by scim.origin)
returns bigint language plpgsql volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off
set enable_nestloop = off as $$
declare
  told bigint;
begin
  with recursive
  asked as materialized (select distinct w.id from unnest(p_users) w(id)),
  direct as materialized (
    select w.id as user_id, d.group_id from asked w
     cross join lateral (
       select u.id from scim.users u
        where u.org_id = p_org and u.id = w.id and u.active
          and u.id is distinct from p_gone offset 0) u
     cross join lateral (
       select d.group_id from scim.group_users d
        where d.org_id = p_org and d.user_id = u.id
          and d.group_id is distinct from p_gone offset 0) d),
  up(start, id) as (
    select distinct d.group_id, d.group_id from direct d
    union
    select up.start, e.group_id from up
     cross join lateral (
       select e.group_id from scim.group_groups e
        where e.org_id = p_org and e.child_id = up.id
          and e.group_id is distinct from p_gone offset 0) e),
  given as materialized (
    select up.start, m.mapping_id, m.organization_role from up
     cross join lateral (
       select m.mapping_id, m.organization_role from scim.group_mappings m
        where m.org_id = p_org and m.group_id = up.id offset 0) m
     cross join lateral (
       select g.app_id from scim.groups g
        where g.org_id = p_org and g.id = up.id offset 0) g
     cross join lateral (
       select from scim.apps a
        where a.org_id = p_org and a.app_id = g.app_id and not a.rehearsing
       offset 0) a),
  granted as materialized (
    select g.start, r.role_id, coalesce(r.stack_id, 0) as stack_id from given g
     cross join lateral (
       select r.role_id, r.stack_id from scim.mapping_roles r
        where r.org_id = p_org and r.mapping_id = g.mapping_id offset 0) r
    union
    select g.start, case g.organization_role when 'admin' then -2 else -1 end,
           0 from given g where g.organization_role is not null),
  united as materialized (
    select distinct d.user_id, g.role_id, g.stack_id
      from direct d join granted g on g.start = d.group_id),
  wide as materialized (
    -- Held in every stack; and an admin is a member.
    select n.user_id, n.role_id from united n where n.stack_id = 0
    union all
    select n.user_id, -1 from united n where n.role_id = -2),
  now_held as materialized (
    select n.user_id, n.role_id, n.stack_id from united n
     where n.stack_id = 0 and n.role_id <> -1
    union all
    select n.user_id, n.role_id, n.stack_id from united n
      left join wide w on w.user_id = n.user_id and w.role_id = n.role_id
     where n.stack_id <> 0 and w.user_id is null
    union all
    select n.user_id, n.role_id, n.stack_id from united n
      left join wide w on w.user_id = n.user_id and w.role_id = -2
     where n.role_id = -1 and w.user_id is null
       and not (select o.members_by_default from scim.organizations o
                 where o.org_id = p_org)),
  was_held as materialized (
    select w.id as user_id, h.role_id, h.stack_id, h.ctid as place from asked w
     cross join lateral (
       select h.role_id, h.stack_id, h.ctid from scim.permissions_held h
        where h.org_id = p_org and h.user_id = w.id offset 0) h),
  difference as materialized (
    select coalesce(n.user_id, w.user_id) as user_id,
           coalesce(n.role_id, w.role_id) as role_id,
           coalesce(n.stack_id, w.stack_id) as stack_id, w.place
      from now_held n
      full join was_held w on w.user_id = n.user_id
       and w.role_id = n.role_id and w.stack_id = n.stack_id
     where n.user_id is null or w.user_id is null),
  lost as (
    -- By place alone, which are the organization's own: beside another
    -- condition each row would be compared with each place.
    delete from scim.permissions_held h
     where h.ctid = any(array(select d.place from difference d))),
  gained as (
    insert into scim.permissions_held(org_id, user_id, role_id, stack_id)
    select p_org, d.user_id, d.role_id, d.stack_id from difference d
     where d.place is null order by d.user_id),
  named as (
    select d.user_id, u.name, d.place is null as gain,
           case when d.role_id > 0
                then jsonb_build_object('role', r.name, 'role_id', d.role_id)
                     || case when d.stack_id = 0
                             then jsonb_build_object('every_stack', true)
                             else jsonb_build_object('stack', s.name,
                                                     'stack_id', d.stack_id)
                        end
                else jsonb_build_object('organization_role',
                       case d.role_id when -2 then 'admin' else 'member' end)
           end as permission
      from difference d
      left join lateral (
        select u.body::jsonb ->> 'userName' as name from scim.users u
         where u.org_id = p_org and u.id = d.user_id offset 0) u on true
      left join scim.stack_roles r on r.org_id = p_org and r.role_id = d.role_id
      left join scim.stacks s on s.org_id = p_org and s.stack_id = d.stack_id)
  insert into scim.journal(org_id, actor_kind, actor, app_id, duration_ms,
                           request_id, address, action, resource_type, resource,
                           name, changes)
  select p_org, p_by.actor_kind, p_by.actor, p_by.app_id, p_by.duration_ms,
         p_by.request_id, p_by.address,
         case when n.gain then 'permission.gain' else 'permission.loss' end,
         'User', n.user_id, n.name,
         n.permission || jsonb_build_object('cause', p_cause)
    from named n order by n.user_id, n.gain;
  get diagnostics told = row_count;
  return told;
end $$;
revoke all on function scim.permissions_settle from public;

-- The users in these groups and in the groups within them.
create function scim.users_below(p_org int, p_groups uuid[]) returns uuid[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return (
    with recursive down(id) as (
      select distinct w.id from unnest(p_groups) w(id)
      union
      select e.child_id from down
       cross join lateral (
         select e.child_id from scim.group_groups e
          where e.org_id = p_org and e.group_id = down.id offset 0) e)
    select coalesce(array_agg(distinct d.user_id), '{}') from down
     cross join lateral (
       select d.user_id from scim.group_users d
        where d.org_id = p_org and d.group_id = down.id offset 0) d);
end $$;
revoke all on function scim.users_below from public;

-- What a group may grant: it, or one above it, has a mapping.
create function scim.is_mapped_above(p_org int, p_group uuid) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return exists (
    with recursive up(id) as (
      select p_group
      union
      select e.group_id from up
       cross join lateral (
         select e.group_id from scim.group_groups e
          where e.org_id = p_org and e.child_id = up.id offset 0) e)
    select from up cross join lateral (
      select from scim.group_mappings m
       where m.org_id = p_org and m.group_id = up.id offset 0) m);
end $$;
revoke all on function scim.is_mapped_above from public;

-- ------------------------------------------------------------ one at a time

-- Each transaction of a token that writes holds the organization's lock in
-- share, from its first statement to its end; who changes what many users hold
-- has it alone, so that neither works from what the other has not yet
-- committed. It comes before the locks of rows (groups by id, users by id).
-- 546385 is a number of our own, for advisory locks.
create function scim.permissions_lock(p_org int) returns void
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select pg_advisory_xact_lock(546385, p_org);
  select set_config('scim.alone', 'yes', true) $$;
revoke all on function scim.permissions_lock from public;
grant execute on function scim.permissions_lock to scim_admin;

-- The same for a request, where there is anything to be had.
create function scim.permissions_enter(p_org int) returns void
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from scim.group_mappings m where m.org_id = p_org) then
    perform scim.permissions_lock(p_org);
  else
    perform pg_advisory_xact_lock_shared(546385, p_org);
  end if;
end $$;
revoke all on function scim.permissions_enter from public;
grant execute on function scim.permissions_enter to scim_httpd;

create function scim.must_be_entered(p_org int) returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if p_org is distinct from current_setting('scim.org')::int then
    raise insufficient_privilege using message = 'not this organization';
  end if;
end $$;
revoke all on function scim.must_be_entered from public;

-- Against each other: who has the organization alone needs no locks of rows,
-- which are many where many users are concerned.
create function scim.permissions_lock_users(p_org int, p_users uuid[])
returns void language plpgsql volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  if current_setting('scim.alone', true) is distinct from 'yes' then
    perform from scim.users u where u.org_id = p_org and u.id = any(p_users)
      order by u.id for no key update;
  end if;
end $$;
revoke all on function scim.permissions_lock_users from public;

-- For what touches more than one group's own members: who has not got the
-- organization alone begins again and asks for it (SQLSTATE of our own).
create function scim.permissions_need_alone() returns void
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('scim.alone', true) is distinct from 'yes' then
    raise exception using errcode = 'SC001',
      message = 'groups within groups: to be tried again alone';
  end if;
end $$;
revoke all on function scim.permissions_need_alone from public;

-- ------------------------------------------------- what a token's request does

-- After these users and groups have come to the group or have left it; its row
-- is locked. Nothing can change where neither it nor a group above is mapped.
create function scim.permissions_membership(p_org int, p_group uuid,
                                            p_users uuid[], p_groups uuid[],
                                            p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  if not scim.is_mapped_above(p_org, p_group) then
    return 0;
  end if;
  if cardinality(p_groups) > 0 then
    perform scim.permissions_need_alone();
    p_users := p_users || scim.users_below(p_org, p_groups);
  end if;
  perform scim.permissions_lock_users(p_org, p_users);
  return scim.permissions_settle(p_org, p_users, null,
    (select jsonb_build_object('kind', 'group', 'id', g.id, 'name', g.name,
                               'change', 'members')
       from scim.groups g where g.org_id = p_org and g.id = p_group), p_by);
end $$;

-- After a user, whose row is locked, has become active or inactive, and before
-- one is deleted.
create function scim.permissions_user(p_org int, p_user uuid, p_gone boolean,
                                      p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  return scim.permissions_settle(p_org, array[p_user],
    case when p_gone then p_user end,
    (select jsonb_build_object('kind', 'user', 'id', u.id,
              'name', u.body::jsonb ->> 'userName',
              'change', case when p_gone then 'deleted'
                             when u.active then 'activated'
                             else 'deactivated' end)
       from scim.users u where u.org_id = p_org and u.id = p_user), p_by);
end $$;

-- Before a group, whose row is locked, is deleted.
create function scim.permissions_group_end(p_org int, p_group uuid,
                                           p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  users uuid[];
begin
  perform scim.must_be_entered(p_org);
  if not scim.is_mapped_above(p_org, p_group) then
    return 0;
  end if;
  if exists (select from scim.group_groups e
              where e.org_id = p_org and e.group_id = p_group) then
    perform scim.permissions_need_alone();
  end if;
  users := scim.users_below(p_org, array[p_group]);
  perform scim.permissions_lock_users(p_org, users);
  return scim.permissions_settle(p_org, users, p_group,
    (select jsonb_build_object('kind', 'group', 'id', g.id, 'name', g.name,
                               'change', 'deleted')
       from scim.groups g where g.org_id = p_org and g.id = p_group), p_by);
end $$;

-- A group that was just made takes the mapping of the one that its app deleted
-- in the last 90 days with the same externalId, if that mapping makes nobody
-- an administrator. Identity providers do this when an assignment is removed
-- and made again.
create function scim.mapping_take_up(p_org int, p_group uuid, p_by scim.origin)
returns int language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
declare
  was record;
begin
  perform scim.must_be_entered(p_org);
  select m.mapping_id, t.id, t.name, t.deleted, g.name as new_name,
         m.organization_role is not distinct from 'admin' or exists (
           select from scim.mapping_roles r
             join scim.stack_roles s
               on s.org_id = p_org and s.role_id = r.role_id
            where r.org_id = p_org and r.mapping_id = m.mapping_id
              and s.administers) as administers
    into was
    from scim.groups g
    join scim.tombstones t
      on t.org_id = p_org and t.external_id = g.external_id
     and t.app_id = g.app_id and t.resource_type = 'Group'
     and t.deleted > now() - interval '90 days'
    join scim.group_mappings m on m.org_id = p_org and m.group_id = t.id
   where g.org_id = p_org and g.id = p_group
     and not exists (select from scim.groups l
                      where l.org_id = p_org and l.id = t.id)
   order by t.deleted desc, t.id desc limit 1 for update of m;
  if not found or was.administers then
    return 0;
  end if;
  update scim.group_mappings m
     set group_id = p_group, version = m.version + 1, changed = now(),
         changed_by = p_by.actor_kind || ' ' || p_by.actor
   where m.org_id = p_org and m.mapping_id = was.mapping_id;
  insert into scim.journal(org_id, actor_kind, actor, app_id, duration_ms,
                           request_id, address, action, resource_type, resource,
                           name, changes)
  values (p_org, p_by.actor_kind, p_by.actor, p_by.app_id, p_by.duration_ms,
          p_by.request_id, p_by.address, 'mapping.take-up', 'Group', p_group,
          was.new_name,
          jsonb_build_object('mapping', was.mapping_id,
            'before', jsonb_build_object('group', was.id, 'name', was.name,
                                         'deleted', was.deleted),
            'after', jsonb_build_object('group', p_group,
                                        'name', was.new_name)));
  return 1;
end $$;

revoke all
  on function scim.permissions_membership, scim.permissions_user,
     scim.permissions_group_end, scim.mapping_take_up
  from public;
grant execute
  on function scim.permissions_membership, scim.permissions_user,
     scim.permissions_group_end, scim.mapping_take_up
  to scim_httpd, scim_admin;
create index tombstones_external_id
  on scim.tombstones(org_id, external_id, deleted)
  where resource_type = 'Group' and external_id is not null;

-- Whether there is any mapping, which is what most requests ask.
grant select (org_id) on scim.group_mappings to scim_httpd;

-- -------------------------------------------------------- the owner's side

-- After whatever an owner's act has changed, in its transaction: mappings,
-- roles and stacks (before the rows of a role or a stack are deleted, as their
-- names go into the journal), members_by_default, apps.rehearsing, a group's
-- app, users or groups that are restored or removed.
--
--   select scim.permissions_refresh($1::int, $2::uuid[], $3::jsonb,
--     row($4, $5, null, $6, $7, $8)::scim.origin)
--
-- $2: users; NULL: all whom a mapping or a held permission concerns.
-- $3: the cause, {"kind": "mapping", "id": 1007, "name": "Engineering"}; kind
-- is what was acted upon: mapping, group, user, stack, role, app, organization.
-- $4 and so on: account or scimctl, its name, app, duration, request, address.
-- Gives the number of permissions gained and lost.
--
-- permissions_refresh_groups() does the same for the users in the groups $2 and
-- in those within them: what to call when their mappings have changed.
--
-- Whoever has changed rows of users or groups before calls permissions_lock()
-- before that, as requests of tokens do.
create function scim.permissions_refresh(p_org int, p_users uuid[],
                                         p_cause jsonb, p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  perform scim.permissions_lock(p_org);
  if p_users is null then
    p_users := scim.users_below(p_org, array(
        select m.group_id from scim.group_mappings m where m.org_id = p_org))
      || array(select distinct h.user_id from scim.permissions_held h
                where h.org_id = p_org);
  end if;
  return scim.permissions_settle(p_org, p_users, null, p_cause, p_by);
end $$;

create function scim.permissions_refresh_groups(p_org int, p_groups uuid[],
                                                p_cause jsonb,
                                                p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  perform scim.permissions_lock(p_org);
  return scim.permissions_settle(p_org, scim.users_below(p_org, p_groups), null,
                                 p_cause, p_by);
end $$;
revoke all on function scim.permissions_refresh, scim.permissions_refresh_groups
  from public;
grant execute
  on function scim.permissions_refresh, scim.permissions_refresh_groups
  to scim_admin;

alter table scim.permissions_held enable row level security;
create policy organization on scim.permissions_held
  using (org_id = current_setting('scim.org')::int);
grant select on scim.permissions_held, scim.user_permissions to scim_admin;

update scim.schema set version = 3;

reset role;
