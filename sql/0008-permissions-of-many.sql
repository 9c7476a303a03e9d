-- Permissions of many users at once: told in a fraction of the time, and asked
-- for without telling anybody. Run as sql/README.md says.

set local role scim_owner;

-- From how many users on it is cheaper to read the members of all groups that
-- may grant what is asked for than the groups of each user.
create function scim.permissions_many() returns int
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select 2000 $$;

-- ------------------------------------------------------ what is not yet told

-- By what these users hold now, and by what the journal has told of it: each
-- row is a gain (place is NULL) or a loss (its place in permissions_held).
-- p_roles: of these roles alone, in any stack; -1 and -2, which the
-- organization's member and admin are, go together; NULL: of all. p_gone: a
-- user or group that is about to be deleted, and counts as gone.
--
-- One plan for all sizes, as hash joins cost little where there is one user:
-- planning anew would cost more than running it.
create function scim.permissions_differ_few(p_org int, p_users uuid[],
                                            p_roles int[], p_gone uuid)
returns table (user_id uuid, role_id int, stack_id int, place tid)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off
set enable_nestloop = off as $$
#variable_conflict use_column
begin
  return query
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
        where r.org_id = p_org and r.mapping_id = g.mapping_id
          and (p_roles is null or r.role_id = any(p_roles)) offset 0) r
    union
    select g.start, case g.organization_role when 'admin' then -2 else -1 end,
           0 from given g where g.organization_role is not null
       and (p_roles is null or -1 = any(p_roles))),
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
        where h.org_id = p_org and h.user_id = w.id
          and (p_roles is null or h.role_id = any(p_roles)) offset 0) h)
  select coalesce(n.user_id, w.user_id), coalesce(n.role_id, w.role_id),
         coalesce(n.stack_id, w.stack_id), w.place
    from now_held n
    full join was_held w on w.user_id = n.user_id
     and w.role_id = n.role_id and w.stack_id = n.stack_id
   where n.user_id is null or w.user_id is null;
end $$;

-- The same from the other side: by the groups that grant these roles and those
-- within them, and by all that is held of these roles. It takes a few times
-- work_mem, and goes to disk beyond that.
create function scim.permissions_differ_many(p_org int, p_users uuid[],
                                             p_roles int[], p_gone uuid)
returns table (user_id uuid, role_id int, stack_id int, place tid)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off
set enable_nestloop = off set work_mem = '32MB' as $$
#variable_conflict use_column
begin
  return query
  with recursive
  asked as materialized (select distinct w.id from unnest(p_users) w(id)),
  given as materialized (
    select m.group_id, m.mapping_id, m.organization_role
      from scim.group_mappings m
     cross join lateral (
       select g.app_id from scim.groups g
        where g.org_id = p_org and g.id = m.group_id offset 0) g
      join scim.apps a on a.org_id = p_org and a.app_id = g.app_id
     where m.org_id = p_org and not a.rehearsing
       and m.group_id is distinct from p_gone),
  grants as materialized (
    select g.group_id, r.role_id, coalesce(r.stack_id, 0) as stack_id
      from given g join scim.mapping_roles r
        on r.org_id = p_org and r.mapping_id = g.mapping_id
     where p_roles is null or r.role_id = any(p_roles)
    union all
    select g.group_id, case g.organization_role when 'admin' then -2 else -1
                       end, 0
      from given g where g.organization_role is not null
       and (p_roles is null or -1 = any(p_roles))),
  down(top, id) as (
    select distinct g.group_id, g.group_id from grants g
    union
    select down.top, e.child_id from down
     cross join lateral (
       select e.child_id from scim.group_groups e
        where e.org_id = p_org and e.group_id = down.id
          and e.child_id is distinct from p_gone offset 0) e),
  granted as materialized (
    select distinct d.id as start, g.role_id, g.stack_id
      from down d join grants g on g.group_id = d.top),
  inactive as materialized (
    select u.id from scim.users u where u.org_id = p_org and not u.active),
  direct as materialized (
    select s.start, m.user_id from (select distinct g.start from granted g) s
     cross join lateral (
       select d.user_id from scim.group_users d
        where d.org_id = p_org and d.group_id = s.start
          and d.user_id is distinct from p_gone offset 0) m
      join asked w on w.id = m.user_id
      left join inactive i on i.id = m.user_id
     where i.id is null),
  united as materialized (
    select distinct d.user_id, g.role_id, g.stack_id
      from direct d join granted g on g.start = d.start),
  wide as materialized (
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
    select h.user_id, h.role_id, h.stack_id, h.place from (
      select h.user_id, h.role_id, h.stack_id, h.ctid as place
        from scim.permissions_held h
       where h.org_id = p_org
         and (p_roles is null or h.role_id = any(p_roles)) offset 0) h
      join asked w on w.id = h.user_id)
  select coalesce(n.user_id, w.user_id), coalesce(n.role_id, w.role_id),
         coalesce(n.stack_id, w.stack_id), w.place
    from now_held n
    full join was_held w on w.user_id = n.user_id
     and w.role_id = n.role_id and w.stack_id = n.stack_id
   where n.user_id is null or w.user_id is null;
end $$;

-- Corrects what is held by these users, and tells the journal of each
-- difference: actions permission.gain and permission.loss, changes
-- {role, role_id, stack, stack_id or every_stack, cause} or
-- {organization_role, cause}. The caller has made sure that nobody else
-- changes permissions of these users.
drop function scim.permissions_settle(int, uuid[], uuid, jsonb, scim.origin);
create function scim.permissions_settle(p_org int, p_users uuid[],
                                        p_roles int[], p_gone uuid,
                                        p_cause jsonb, p_by scim.origin)
returns bigint language plpgsql volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off
set enable_nestloop = off as $$
declare
  told bigint;
begin
  with difference as materialized (
    select * from scim.permissions_differ_few(p_org, p_users, p_roles, p_gone)
     where cardinality(p_users) <= scim.permissions_many()
    union all
    select * from scim.permissions_differ_many(p_org, p_users, p_roles, p_gone)
     where cardinality(p_users) > scim.permissions_many()),
  lost as (
    -- By place alone, which are the organization's own: beside another
    -- condition each row would be compared with each place.
    delete from scim.permissions_held h
     where h.ctid = any(array(select d.place from difference d
                               where d.place is not null))),
  gained as (
    insert into scim.permissions_held(org_id, user_id, role_id, stack_id)
    select p_org, d.user_id, d.role_id, d.stack_id from difference d
     where d.place is null order by d.user_id),
  permission as (
    -- Of few kinds, however many users there are.
    select k.role_id, k.stack_id,
           case when k.role_id > 0
                then jsonb_build_object('role', r.name, 'role_id', k.role_id)
                     || case when k.stack_id = 0
                             then jsonb_build_object('every_stack', true)
                             else jsonb_build_object('stack', s.name,
                                                     'stack_id', k.stack_id)
                        end
                else jsonb_build_object('organization_role',
                       case k.role_id when -2 then 'admin' else 'member' end)
           end || jsonb_build_object('cause', p_cause) as changes
      from (select distinct d.role_id, d.stack_id from difference d) k
      left join scim.stack_roles r on r.org_id = p_org and r.role_id = k.role_id
      left join scim.stacks s on s.org_id = p_org and s.stack_id = k.stack_id)
  insert into scim.journal(org_id, actor_kind, actor, app_id, duration_ms,
                           request_id, address, action, resource_type, resource,
                           name, changes)
  select p_org, p_by.actor_kind, p_by.actor, p_by.app_id, p_by.duration_ms,
         p_by.request_id, p_by.address,
         case when d.place is null then 'permission.gain'
              else 'permission.loss' end,
         'User', d.user_id, u.name, k.changes
    from (select * from difference d order by d.user_id, d.place is null
          offset 0) d
    join permission k on k.role_id = d.role_id and k.stack_id = d.stack_id
    left join lateral (
      -- To read a document as JSON takes six microseconds: only where a look
      -- does not find what is the key when it is folded.
      select case when lower(f.name collate "C") = f.user_name then f.name
                  else f.body::json ->> 'userName' end as name
        from (select u.user_name, u.body, split_part(
                  split_part(u.body, '"userName":"', 2), '"', 1) as name
                from scim.users u
               where u.org_id = p_org and u.id = d.user_id offset 0) f) u
      on true;
  get diagnostics told = row_count;
  return told;
end $$;

-- ------------------------------------------------------- who is concerned

-- All whom a mapping or a held permission concerns.
create function scim.users_concerned(p_org int) returns uuid[]
language sql stable set search_path = pg_catalog, pg_temp as $$
  select scim.users_below(p_org, array(
           select m.group_id from scim.group_mappings m
            where m.org_id = p_org))
         || array(select distinct h.user_id from scim.permissions_held h
                   where h.org_id = p_org) $$;

-- The roles that a group may grant, by itself and by those above it.
create function scim.roles_above(p_org int, p_group uuid) returns int[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  return (
    with recursive up(id) as (
      select p_group
      union
      select e.group_id from up
       cross join lateral (
         select e.group_id from scim.group_groups e
          where e.org_id = p_org and e.child_id = up.id offset 0) e),
    mapped as (
      select m.mapping_id, m.organization_role from up cross join lateral (
        select m.mapping_id, m.organization_role from scim.group_mappings m
         where m.org_id = p_org and m.group_id = up.id offset 0) m)
    select coalesce(array_agg(distinct x.role_id), '{}') from (
      select r.role_id from mapped m
        join scim.mapping_roles r
          on r.org_id = p_org and r.mapping_id = m.mapping_id
      union all
      select w.role_id from mapped m, (values (-1), (-2)) w(role_id)
       where m.organization_role is not null) x);
end $$;

revoke all
  on function scim.permissions_many, scim.permissions_differ_few,
     scim.permissions_differ_many, scim.permissions_settle,
     scim.users_concerned, scim.roles_above
  from public;

-- Whoever is about to change what so many hold takes the organization rather
-- than the rows of all of them.
create or replace function scim.permissions_lock_users(p_org int,
                                                       p_users uuid[])
returns void language plpgsql volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
  if cardinality(p_users) > scim.permissions_many() then
    perform scim.permissions_need_alone();
  end if;
  if current_setting('scim.alone', true) is distinct from 'yes' then
    perform from scim.users u where u.org_id = p_org and u.id = any(p_users)
      order by u.id for no key update;
  end if;
end $$;

-- ------------------------------------------------- what a token's request does

create or replace function scim.permissions_membership(
  p_org int, p_group uuid, p_users uuid[], p_groups uuid[], p_by scim.origin)
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
  return scim.permissions_settle(p_org, p_users,
    case when cardinality(p_users) > scim.permissions_many()
         then scim.roles_above(p_org, p_group) end, null,
    (select jsonb_build_object('kind', 'group', 'id', g.id, 'name', g.name,
                               'change', 'members')
       from scim.groups g where g.org_id = p_org and g.id = p_group), p_by);
end $$;

create or replace function scim.permissions_user(p_org int, p_user uuid,
                                                 p_gone boolean,
                                                 p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  return scim.permissions_settle(p_org, array[p_user], null,
    case when p_gone then p_user end,
    (select jsonb_build_object('kind', 'user', 'id', u.id,
              'name', u.body::jsonb ->> 'userName',
              'change', case when p_gone then 'deleted'
                             when u.active then 'activated'
                             else 'deactivated' end)
       from scim.users u where u.org_id = p_org and u.id = p_user), p_by);
end $$;

create or replace function scim.permissions_group_end(p_org int, p_group uuid,
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
              where e.org_id = p_org and e.group_id = p_group)
     or scim.permissions_many() < (
       select count(*) from (
         select from scim.group_users d
          where d.org_id = p_org and d.group_id = p_group
          limit scim.permissions_many() + 1) d) then
    perform scim.permissions_need_alone();
  end if;
  users := scim.users_below(p_org, array[p_group]);
  perform scim.permissions_lock_users(p_org, users);
  return scim.permissions_settle(p_org, users,
    case when cardinality(users) > scim.permissions_many()
         then scim.roles_above(p_org, p_group) end, p_group,
    (select jsonb_build_object('kind', 'group', 'id', g.id, 'name', g.name,
                               'change', 'deleted')
       from scim.groups g where g.org_id = p_org and g.id = p_group), p_by);
end $$;

-- -------------------------------------------------------- the owner's side

create or replace function scim.permissions_refresh(p_org int, p_users uuid[],
                                                    p_cause jsonb,
                                                    p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  perform scim.permissions_lock(p_org);
  return scim.permissions_settle(p_org,
    coalesce(p_users, scim.users_concerned(p_org)), null, null, p_cause, p_by);
end $$;

-- p_roles: all that the act may have changed; see above.
create function scim.permissions_refresh_groups(p_org int, p_groups uuid[],
                                                p_roles int[], p_cause jsonb,
                                                p_by scim.origin)
returns bigint language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp as $$
begin
  perform scim.must_be_entered(p_org);
  perform scim.permissions_lock(p_org);
  return scim.permissions_settle(p_org, scim.users_below(p_org, p_groups),
                                 p_roles, null, p_cause, p_by);
end $$;

create or replace function scim.permissions_refresh_groups(p_org int,
                                                           p_groups uuid[],
                                                           p_cause jsonb,
                                                           p_by scim.origin)
returns bigint language sql volatile security definer
set search_path = pg_catalog, pg_temp as $$
  select scim.permissions_refresh_groups(p_org, p_groups, null, p_cause,
                                         p_by) $$;

-- What either of the two would tell the journal, as it is at this moment: it
-- waits for nobody, and nobody for it. p_groups NULL: all users.
create function scim.permissions_preview(p_org int, p_groups uuid[],
                                         p_roles int[])
returns table (user_id uuid, role_id int, stack_id int, gain boolean)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  users uuid[] := case when p_groups is null then scim.users_concerned(p_org)
                       else scim.users_below(p_org, p_groups) end;
begin
  perform scim.must_be_entered(p_org);
  if cardinality(users) <= scim.permissions_many() then
    return query
    select d.user_id, d.role_id, d.stack_id, d.place is null
      from scim.permissions_differ_few(p_org, users, p_roles, null) d;
  else
    return query
    select d.user_id, d.role_id, d.stack_id, d.place is null
      from scim.permissions_differ_many(p_org, users, p_roles, null) d;
  end if;
end $$;

revoke all
  on function
     scim.permissions_refresh_groups(int, uuid[], int[], jsonb, scim.origin),
     scim.permissions_preview
  from public;
grant execute
  on function
     scim.permissions_refresh_groups(int, uuid[], int[], jsonb, scim.origin),
     scim.permissions_preview
  to scim_admin;

update scim.schema set version = 8;

reset role;
